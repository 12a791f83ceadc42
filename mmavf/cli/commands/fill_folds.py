"""Fill the column `fold` of a list: by the rule of a target's card, or by drawing groups of subjects.

Examples:
  mmavf fill-folds ravdess data/ravdess/lists/all.csv
  mmavf fill-folds data/my_clips/lists/all.csv --groups 5 --by subject --seed 0

A column that is not there is added; the other columns and all rows stay, written with line feeds and quoted where they
need it. Targets whose folds are in files of their owners are refused: the message names the file.

Drawn folds hold whole subjects and about the same share of each class; they are refused where a training would have no
clip of a class.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmavf.cli.program import UsageError
from mmavf.errors import printable


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    # two optional positionals would be told apart by the place of the options between them
    parser.add_argument(
        'words',
        nargs='+',
        metavar='[NAME] LIST',
        help='name of a target data set (docs/targets.md), unless groups are drawn; its list, a CSV with a header',
    )
    parser.add_argument('--groups', type=int, metavar='N', help='draw N folds for a list of your own')
    parser.add_argument('--by', default='subject', metavar='COLUMN', help='column whose values stay in one fold')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw (default: 0)')
    parser.add_argument('--out', type=Path, help='the list with folds (default: the same file)')


def check_arguments(args: Namespace) -> None:
    """Check what argparse cannot.

    Raises:
        UsageError: Says what is missing or impossible.
    """
    if args.groups is None and len(args.words) != 2:
        raise UsageError('pass the name of a target and its list, or --groups and a list of your own')
    if args.groups is not None and len(args.words) != 1:
        raise UsageError('with --groups, pass one list and no name of a target')
    if (args.groups is not None and args.groups < 2) or not 0 <= args.seed < 2**32:
        raise UsageError('--groups must be 2 or more, and --seed from 0 to 2^32 - 1')


def run(args: Namespace) -> None:
    """Fill the column, and print what is in each fold."""
    from mmavf.datasets.targets.fold_column import fill_fold_column
    from mmavf.datasets.targets.folds import folds_by_rule
    from mmavf.datasets.targets.grouped_folds import grouped_folds
    from mmavf.lists.natural_order import natural_order

    def folds_of(rows: Sequence[Mapping[str, str]]) -> list[str]:
        """Return the fold of each row."""
        if args.groups is None:
            return folds_by_rule(args.words[0], rows)
        return grouped_folds(rows, args.by, args.groups, args.seed)

    path = Path(args.words[-1])
    out = args.out or path
    rows = fill_fold_column(path, out, folds_of)
    classes = {row['label'] for row in rows if row.get('label')}
    for fold in sorted({row['fold'] for row in rows}, key=natural_order):
        own = [row for row in rows if row['fold'] == fold]
        missing = sorted(classes - {row.get('label', '') for row in own}, key=natural_order)
        print(f'fold {fold}: {len(own)} clips' + (f', none of class {", ".join(missing)}' if missing else ''))
    print(f'Written to {printable(str(out))}.')
