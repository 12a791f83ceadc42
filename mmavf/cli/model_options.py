"""The options by which commands that use a model on recordings name it."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from .options import add_device_option
from .program import UsageError


def add_model_options(parser: ArgumentParser) -> None:
    """Add `--model`, or `--config` with `--checkpoint` in its place, `--device` and `--precision`."""
    parser.add_argument('--model', type=Path, metavar='DIR', help='model folder, as mmavf publish writes it')
    parser.add_argument('--config', metavar='CONFIG', help='in place of --model: the config of --checkpoint')
    parser.add_argument('--checkpoint', metavar='FILE', help='in place of --model: the checkpoint of --config')
    add_device_option(parser)
    parser.add_argument(
        '--precision',
        choices=['float32', 'bfloat16'],
        help='bfloat16 is used where the device has units for it (default: as the model is tested)',
    )


def add_engine_option(parser: ArgumentParser) -> None:
    """Add `--engine`."""
    parser.add_argument(
        '--engine',
        choices=['pytorch', 'openvino'],
        default='pytorch',
        help='what computes the model; openvino, on the CPU, needs mmavf[openvino] (default: pytorch)',
    )


def check_model_options(args: Namespace) -> None:
    """Check that one model is named.

    Raises:
        UsageError: None is, or two are.
    """
    other = (args.config is not None, args.checkpoint is not None)
    if args.model is not None and any(other):
        raise UsageError('use either --model or --config with --checkpoint')
    if args.model is None and not all(other):
        raise UsageError('name a model: --model DIR, or --config CONFIG with --checkpoint FILE')


def checkpoint_title(checkpoint: str | Path) -> str:
    """Return the heading of a picture made with a checkpoint: its name and the two folders that it is in."""
    return '/'.join(Path(checkpoint).absolute().parts[-3:])
