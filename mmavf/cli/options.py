"""Options that several commands have, each declared once."""

from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, Namespace
from typing import Any

from .protocol_options import add_protocol_options


class Overrides(Action):
    """Reads `key=value` words as MMEngine does, which is loaded only when there are some."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Add the words to what earlier ones set."""
        from mmengine.config import DictAction

        DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)


def add_config_options(parser: ArgumentParser) -> None:
    """Add `--cfg-options`, which overrides values of a config."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=Overrides,
        default={},
        metavar='KEY=VALUE',
        help='override values of the config: key=value, a.b=value, key="[a,b]"',
    )


def device_names(text: str) -> list[str]:
    """Return ['0', '1'] of '0,1', for argparse.

    Raises:
        ArgumentTypeError: A name is empty, which would hide all GPUs.
    """
    names = [name.strip() for name in text.split(',')]
    if '' in names:
        raise ArgumentTypeError(f'{text!r} has an empty name; GPUs are named as in 0,1')
    return names


def channel_of(text: str) -> int | str:
    """Return 2 of '2', and 'mean' as it is, for argparse.

    Raises:
        ArgumentTypeError: It is neither a number from 1 nor 'mean'.
    """
    if text == 'mean':
        return text
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"a channel is a number from 1, or 'mean' (of all), not {text!r}")
    return int(text)


def add_run_options(parser: ArgumentParser) -> None:
    """Add the options of every command that runs a config: overrides, protocol, launcher."""
    add_config_options(parser)
    add_protocol_options(parser)
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=SUPPRESS)


def add_device_option(parser: ArgumentParser) -> None:
    """Add `--device`; None stands for the GPU if there is one (see `mmavf.apis.init_model`)."""
    parser.add_argument('--device', help='device to run on, such as cuda:1 or cpu (default: the GPU if there is one)')
