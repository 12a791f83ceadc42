"""Train a model: `python tools/train.py CONFIG`."""

import argparse
import logging
import os
import os.path as osp
import sys
from inspect import signature

from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger
from mmengine.registry import RUNNERS
from mmengine.runner import FlexibleRunner, Runner

import mmavf.engine  # noqa: F401  (registers what configs name)
from mmavf.engine import AVFRunner, resolve_loaders
from mmavf.errors import ConfigError, MMAVFError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a model.')
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='where logs and checkpoints go (default: work_dirs/<name of the config>)')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from the checkpoint given, or from the latest one in the work dir',
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
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override parts of the config: key=value, a.b=value, key="[a,b]"',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--debug', action='store_true', help='show the whole traceback of an error')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def check_options(cfg: Config, options: dict) -> None:
    """Refuse an override of something that neither the config nor a runner knows, such as a misspelt name.

    Raises:
        ConfigError: Names the key.
    """
    known = {*cfg, *signature(Runner).parameters, *signature(FlexibleRunner).parameters, 'runner_type'}
    for key in options:
        if key.split('.')[0] not in known:
            raise ConfigError(f'--cfg-options {key}: neither the config nor the runner has {key.split(".")[0]!r}')


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Put the command line's choices into the config."""
    if args.cfg_options is not None:
        check_options(cfg, args.cfg_options)
        cfg.merge_from_dict(args.cfg_options)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = osp.join('work_dirs', osp.splitext(osp.basename(args.config))[0])
    if args.amp is not None:
        cfg.optim_wrapper.dtype = 'bfloat16' if args.amp else 'float32'
    if args.auto_scale_lr is not None:
        cfg.auto_scale_lr.enable = args.auto_scale_lr
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    return cfg


def build_runner(cfg: Config) -> Runner:
    """Build this project's runner, or the one that `runner_type` names."""
    if 'runner_type' not in cfg:
        return AVFRunner.from_cfg(cfg)
    resolve_loaders(cfg)  # MMEngine's runners do not know num_workers='auto'
    return RUNNERS.build(cfg)


def report(error: MMAVFError, debug: bool) -> None:
    """Show the error's message; the traceback goes to the log file, and to the screen if `debug`."""
    message = str(error)
    if 'Original Traceback' in message:  # raised in a data worker: the message follows the error's name
        message = message.rsplit(f'{type(error).__name__}: ', 1)[-1].strip()
    print(f'{type(error).__name__}: {message}', file=sys.stderr)
    record = logging.LogRecord('mmavf', logging.ERROR, __file__, 0, message, None, sys.exc_info())
    for handler in MMLogger.get_current_instance().handlers:
        if debug or isinstance(handler, logging.FileHandler):
            handler.handle(record)


def main() -> int:
    args = parse_args()
    sys.path.insert(0, os.getcwd())  # for custom_imports: Python puts the script's folder there instead
    if 'LOCAL_RANK' not in os.environ:
        os.environ['LOCAL_RANK'] = str(args.local_rank)
    try:
        cfg = merge_args(Config.fromfile(args.config), args)
        build_runner(cfg).train()
    except MMAVFError as error:
        report(error, args.debug)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
