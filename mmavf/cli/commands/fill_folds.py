"""Fill the column `fold` of a target's list by the rule on its card.

Example: mmavf fill-folds ravdess data/ravdess/lists/all.csv

A column that is not there is added; the other columns and all rows stay, written with line feeds and quoted where they
need it. Sets whose folds are in files of their owners are refused: the message names the file.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmavf.errors import printable


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('name', help='name of the target data set (docs/targets.md)')
    parser.add_argument('list', type=Path, help='its list, a CSV with a header')
    parser.add_argument('--out', type=Path, help='the list with folds (default: the same file)')


def run(args: Namespace) -> None:
    """Fill the column, and print the clips per fold."""
    from mmavf.datasets.targets.fold_column import fill_fold_column
    from mmavf.lists.natural_order import natural_order

    out = args.out or args.list
    counts = fill_fold_column(args.name, args.list, out)
    for fold in sorted(counts, key=natural_order):
        print(f'fold {fold}: {counts[fold]} clips')
    print(f'Written to {printable(str(out))}.')
