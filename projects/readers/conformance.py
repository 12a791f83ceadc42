"""Compare decord and torchcodec with the package's reader, on files of your own.

    python -m projects.readers.conformance FILE ...

Prints a table: whether frames are the same at the same times, or how many frames off, and likewise sound in
milliseconds.
"""

import argparse
import sys

from mmavf.cli.program import run_program
from mmavf.files.markdown import markdown_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('files', nargs='+', help='media files')


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    from .comparison import LIBRARIES, compare

    columns = [f'{name}: {kind}' for name in LIBRARIES for kind in ('frames', 'sound')]
    sys.stdout.write(markdown_table(['file', *columns], compare(args.files)) + '\n')


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
