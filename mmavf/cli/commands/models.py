"""Show which public weights are known, or convert one of their files to a folder that other commands take as --model.

    mmavf models
    mmavf models convert hicmae-base-mafw11 RELEASED.pth models/hicmae_mafw

Nothing is downloaded: get the file from its owner's page, and mind its licence.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.errors import ConfigError


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest='action', metavar='ACTION')
    convert = actions.add_parser('convert', help='make the folder of a model out of a released file')
    convert.add_argument('name', metavar='NAME', help='name in the table')
    convert.add_argument('source', type=Path, metavar='FILE', help='the released file')
    convert.add_argument('out', type=Path, metavar='OUT', help='folder to write; it must not be there, or be empty')
    convert.add_argument('--config', help="config of the model (default: the table's)")
    convert.add_argument(
        '--fold', help='the fold that a fine-tuned file held out (default: the one that its path names)'
    )


def run(args: Namespace) -> None:
    """Print the table, or convert."""
    from mmavf.checkpoints.known_weights import find_weights, weights_table

    if args.action is None:
        print(weights_table())
        return
    from mmavf.apis.release import publish_release

    known = find_weights(args.name)
    card = publish_release(known, args.source, args.out, args.config or find_config(known.config), args.fold)
    print(f'{args.out}: {card["origin"]}')
    if card['licence'] is None:
        print('Its licence is not known: ask its owner.')


def find_config(path: str | None) -> Path:
    """Return the config of a row of the table.

    Raises:
        ConfigError: The row has none, or it is not there, as plugins are not in the installed package.
    """
    from mmavf.engine.config_file import configs_folder

    if path is None:
        raise ConfigError('there are files of several sizes: pass the config of its size, --config CONFIG.')
    found = configs_folder().parent / path
    if not found.is_file():
        raise ConfigError(f'{path} is not in the installed package: run in a clone of the project, or pass --config.')
    return found
