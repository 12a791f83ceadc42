"""Train a model: `python tools/train.py CONFIG`."""

import argparse
import sys

from mmengine.config import Config
from mmengine.runner import Runner

from mmavf.checkpoints.latest_checkpoint import latest_checkpoint
from mmavf.cli.run import add_run_options, default_work_dir, read_config, run_command
from mmavf.engine import AVFRunner, resolve_loaders
from mmavf.errors import ConfigError
from mmavf.registry import RUNNERS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a model.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--work-dir',
        help='where logs and checkpoints go (default: work_dirs/<config>, in it a folder per target and fold)',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from the checkpoint given, or from the latest one in the work dir; begin where it has none',
    )
    parser.add_argument(
        '--amp',
        action=argparse.BooleanOptionalAction,
        default=None,
        help='bfloat16 autocast where the device has it, or float32 (default: what the config says)',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action=argparse.BooleanOptionalAction,
        default=None,
        help='multiply the learning rate by total batch / base batch (default: what the config says)',
    )
    add_run_options(parser)
    return parser.parse_args()


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Put the choices that only training has into the config."""
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = default_work_dir(args.config, args.target, args.fold)
    if args.amp is not None:
        cfg.optim_wrapper.dtype = 'bfloat16' if args.amp else 'float32'
    if args.auto_scale_lr is not None:
        cfg.auto_scale_lr.enable = args.auto_scale_lr
    if args.resume is not None:
        checkpoint = latest_checkpoint(cfg.work_dir) if args.resume == 'auto' else args.resume
        cfg.resume = checkpoint is not None
        if cfg.resume:  # otherwise the run begins, with the weights of `load_from` where the config names some
            cfg.load_from = str(checkpoint)
    return cfg


def build_runner(cfg: Config) -> Runner:
    """Build this project's runner, or the one that `runner_type` names.

    Raises:
        ConfigError: Another runner is to train on labelled data, or there is none of that name.
    """
    runner = AVFRunner if cfg.get('runner_type') is None else RUNNERS.get(cfg.runner_type)
    if runner is None:
        raise ConfigError(f'runner_type {cfg.runner_type!r}: there is no such runner. Leave it out for AVFRunner.')
    if issubclass(runner, AVFRunner):
        return runner.from_cfg(cfg)
    if 'protocol' in cfg:  # its checkpoints would not say what they were trained on
        raise ConfigError(f'{cfg.runner_type} knows no folds (`protocol`): leave runner_type out for labelled stages.')
    resolve_loaders(cfg)  # MMEngine's runners do not know num_workers='auto'
    return RUNNERS.build(cfg)


def train(args: argparse.Namespace) -> None:
    build_runner(merge_args(read_config(args), args)).train()


def main() -> int:
    return run_command(train, parse_args())


if __name__ == '__main__':
    sys.exit(main())
