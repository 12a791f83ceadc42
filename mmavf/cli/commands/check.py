"""Check lists of clips before training: counts, classes, subjects, overlap, and with --deep every file.

--deep reads the first, middle and last window of every clip as a training does.

Examples:
  mmavf check configs/finetune/ravdess/avfmae_b_ravdess.py --deep
  mmavf check configs/finetune/ravdess/avfmae_b_ravdess.py --fold 3
  mmavf check --list lists/all.csv --data-root data/my_clips --column fold
  mmavf check --list lists/train.csv lists/test.csv --data-root data/my_clips --classes joy,anger

With a config its folds are compared, or with --fold its training, validation and test part. With one list the values of
--column are compared, with several lists the lists. Ends with status 1 when something would stop a training or a test.
"""

import os
import sys
from argparse import ArgumentParser, Namespace

from mmavf.cli.options import add_config_options
from mmavf.cli.program import UsageError
from mmavf.cli.protocol_options import add_protocol_options
from mmavf.protocol.choices import COLUMNS


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', nargs='?', help='config whose lists are checked')
    parser.add_argument('--list', nargs='+', default=[], metavar='FILE', help='lists, relative to --data-root')
    parser.add_argument('--data-root', default='', help='folder that the paths in the lists are relative to')
    parser.add_argument(
        '--classes', help='class names separated by commas, or a text file (default: the values of the column label)'
    )
    parser.add_argument('--label-columns', nargs='+', default=[], metavar='COLUMN', help='columns with numbers')
    parser.add_argument(
        '--column', choices=COLUMNS, default='fold', help='column that divides one list (default: fold)'
    )
    parser.add_argument('--deep', action='store_true', help='read the first, middle and last part of every clip')
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='processes that read files')
    parser.add_argument(
        '--clip-timeout', type=float, default=300.0, metavar='SECONDS', help='limit for one clip (default: %(default)g)'
    )
    add_config_options(parser)
    add_protocol_options(parser)


def run(args: Namespace) -> int:
    """Print what the lists hold and what is wrong with them; return 1 if anything is."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmavf')
    faults = check(args)
    for fault in faults:
        sys.stderr.write(f'ERROR: {fault}\n')
    if faults:
        return 1
    print('No errors.' if args.deep else 'No errors in the lists; --deep opens every file, too.')
    return 0


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: Says what is missing or impossible.
    """
    if bool(args.config) == bool(args.list):
        raise UsageError('pass a config, or lists by --list')
    if args.workers < 1 or not args.clip_timeout > 0:
        raise UsageError('--workers must be at least 1 and --clip-timeout positive')


def check(args: Namespace) -> list[str]:
    """Print what the lists hold; return what is wrong with them."""
    from mmavf.cli.list_check.faults import overlap_faults, read_all, spelling_faults
    from mmavf.cli.list_check.groups import groups_of_config, groups_of_lists, merge
    from mmavf.cli.list_check.table import listed_rows, opened_rows, show_absent_classes, show_table

    groups, are_parts = groups_of_config(args) if args.config else (groups_of_lists(args), False)
    faults = overlap_faults(groups, are_parts)
    if len(groups) > 1 and not (are_parts or len(args.list) > 1):  # they are the values of one column
        faults += spelling_faults(groups)
    opened = read_all(groups, args.workers, args.clip_timeout) if args.deep else []
    faults += [clip.error for clips in opened for clip in clips if clip.error]
    show_absent_classes(groups)
    if len(groups) > 1 and not are_parts:
        groups.append(merge(groups))
        opened = [*opened, sum(opened, [])] if opened else []
    rows = listed_rows(groups) | (opened_rows(opened) if opened else {})
    show_table([group.name for group in groups], rows)
    return faults
