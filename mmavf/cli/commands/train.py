"""Train a model."""

import gc
import os
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mmavf.cli.options import add_run_options
from mmavf.errors import ConfigError

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.runner import Runner

MAX_SEED = 2**32 - 1  # numpy's
# Without it cuBLAS refuses to work deterministically; its documentation names this size.
CUBLAS = ('CUBLAS_WORKSPACE_CONFIG', ':4096:8')


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints (default: work_dirs/<config>, in it a folder per target and fold)',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from this checkpoint, or from the latest one in the work dir; start if it has none',
    )
    parser.add_argument(
        '--amp',
        action=BooleanOptionalAction,
        default=None,
        help='bfloat16 autocast where the device has it, or float32 (default: as in the config)',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action=BooleanOptionalAction,
        default=None,
        help='multiply the learning rate by total batch / base batch (default: as in the config)',
    )
    parser.add_argument('--seed', type=_seed, metavar='N', help='random seed (default: as in the config)')
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='use deterministic algorithms only: slower, and an error where PyTorch has none for an operation',
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='do not validate during training; refused where the best epoch on the validation is kept',
    )
    parser.add_argument(
        '--test',
        action='store_true',
        help='afterwards test the checkpoint that counts, as mmavf test does, into the folder test of the work dir',
    )
    add_run_options(parser)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise ArgumentTypeError(f'{text!r} is not a whole number from 0 to {MAX_SEED}')
    return int(text)


def run(args: Namespace) -> None:
    """Train, and test if asked to."""
    from mmavf.cli.config import read_config

    cfg = merge_args(read_config(args), args)
    if args.test and not cfg.get('test_dataloader'):
        raise ConfigError(f'--test: {args.config} has no test_dataloader, so there is nothing to test on.')
    build_runner(cfg).train()
    if args.test:
        test(cfg, args)


def test(cfg: 'Config', args: Namespace) -> None:
    """Test the checkpoint that counts of a training that has ended."""
    from mmavf.protocol.provenance import chosen_checkpoint

    from .test import run as run_test

    gc.collect()  # the training's model and data workers, which refer to each other
    checkpoint = chosen_checkpoint(cfg.work_dir, cfg.get('protocol') or {})
    out = Path(cfg.work_dir, 'test')
    run_test(Namespace(**vars(args) | dict(checkpoint=str(checkpoint), out=str(out), dump=None)))


def merge_args(cfg: 'Config', args: Namespace) -> 'Config':
    """Put the options that only training has into the config.

    Raises:
        ConfigError: `--no-validate` contradicts how the checkpoint is chosen.
    """
    set_work_dir(cfg, args)
    if args.amp is not None:
        cfg.optim_wrapper.dtype = 'bfloat16' if args.amp else 'float32'
    if args.auto_scale_lr is not None:
        cfg.auto_scale_lr.enable = args.auto_scale_lr
    if args.seed is not None:
        cfg.merge_from_dict({'randomness.seed': args.seed})
    if args.deterministic:
        os.environ.setdefault(*CUBLAS)
        cfg.merge_from_dict({'randomness.deterministic': True})
    if args.no_validate:
        drop_validation(cfg)
    return cfg


def set_work_dir(cfg: 'Config', args: Namespace) -> None:
    """Set the work dir, and what the run starts or continues from."""
    from mmavf.checkpoints.latest_checkpoint import latest_checkpoint
    from mmavf.cli.config import default_work_dir

    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = default_work_dir(args.config, args.target, args.fold)
    if args.resume is not None:
        checkpoint = latest_checkpoint(cfg.work_dir) if args.resume == 'auto' else args.resume
        cfg.resume = checkpoint is not None
        if cfg.resume:  # otherwise the run begins, with the weights of `load_from` where the config names some
            cfg.load_from = str(checkpoint)


def drop_validation(cfg: 'Config') -> None:
    """Take the validation out of a config, in place.

    Raises:
        ConfigError: The run is to keep its best epoch on the validation.
    """
    from mmavf.protocol.protocol import VALIDATION, has_validation

    protocol = cfg.get('protocol') or {}
    if has_validation(protocol):
        raise ConfigError(
            '--no-validate: the checkpoint of this run is its best epoch on the validation '
            f'(protocol.selection={protocol.get("selection", "strict")!r}, val_share={protocol.get("val_share", 0)}). '
            'For the last epoch pass --selection strict and --cfg-options protocol.val_share=0, which validate nothing.'
        )
    if cfg.get('default_hooks', {}).get('checkpoint', {}).get('save_best'):
        raise ConfigError(
            '--no-validate: default_hooks.checkpoint.save_best keeps the best epoch on the validation. Pass '
            '--cfg-options default_hooks.checkpoint.save_best=None, or leave --no-validate out.'
        )
    for key in VALIDATION:
        cfg[key] = None


def build_runner(cfg: 'Config') -> 'Runner':
    """Build this project's runner, or the one that `runner_type` names.

    Raises:
        ConfigError: Another runner is to train on labelled data, or there is none of that name.
    """
    from mmavf.engine import AVFRunner, resolve_loaders
    from mmavf.registry import RUNNERS

    runner = AVFRunner if cfg.get('runner_type') is None else RUNNERS.get(cfg.runner_type)
    if runner is None:
        raise ConfigError(f'runner_type {cfg.runner_type!r}: there is no such runner. Leave it out for AVFRunner.')
    if issubclass(runner, AVFRunner):
        return runner.from_cfg(cfg)
    if 'protocol' in cfg:  # its checkpoints would not say what they were trained on
        raise ConfigError(f'{cfg.runner_type} knows no folds (`protocol`): leave runner_type out for labelled stages.')
    resolve_loaders(cfg)  # MMEngine's runners do not know num_workers='auto'
    return RUNNERS.build(cfg)
