"""Options that set the config's `protocol`."""

import re
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from typing import TYPE_CHECKING, NoReturn

from mmavf.errors import ConfigError
from mmavf.protocol.choices import SELECTIONS

if TYPE_CHECKING:
    from mmengine.config import Config


def add_protocol_options(parser: ArgumentParser) -> None:
    """Add the options that set `protocol`; the parser's errors then explain how to pass a name such as `-anna`."""
    original = parser.error

    def error(message: str) -> NoReturn:
        """End with the message and, where it helps, how to write such a value."""
        option = re.match(r'argument (--\S+): expected one argument', message)
        hint = '' if option is None else f'; write a value that begins with a dash as {option[1]}=-…'
        original(message + hint)

    parser.error = error  # type: ignore[method-assign]
    parser.add_argument('--fold', help='fold or subject that is held out for testing')
    parser.add_argument(
        '--selection',
        choices=SELECTIONS,
        help='how the checkpoint is chosen: without the test part (strict), or as the best epoch on it (paper)',
    )
    parser.add_argument('--target', help='target data set whose test part the post-pre-training leaves out')
    parser.add_argument(
        '--allow-overlap',
        action=BooleanOptionalAction,
        help='accept that clips under test were trained on (default: as in the config)',
    )


def merge_protocol_options(cfg: 'Config', args: Namespace) -> None:
    """Put the options of `add_protocol_options` into the config's `protocol`.

    Raises:
        ConfigError: An option is set, but the config has no `protocol`, or is about another target.
    """
    given = {
        key: getattr(args, key)
        for key in ('fold', 'selection', 'target', 'allow_overlap')
        if getattr(args, key) is not None
    }
    if not given:
        return
    if 'protocol' not in cfg:
        raise ConfigError(f'{args.config} takes no {", ".join(given)}: it has no labelled data (no `protocol`).')
    target = cfg.protocol.get('target')
    if target is not None and given.get('target', target) != target:
        raise ConfigError(f'{args.config} is about {target}; --target is for configs of supervised post-pre-training.')
    cfg.protocol.update(given)
