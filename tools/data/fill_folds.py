"""Fill the column `fold` of a target's list by the rule on its card.

Example: python tools/data/fill_folds.py ravdess data/ravdess/lists/all.csv

A column that is not there is added; the other columns and all rows stay, written with line feeds and quoted where they
need it. Sets whose folds stand in files of their owners are refused: the message names the file.
"""

import argparse
import csv
import io
from collections import Counter
from pathlib import Path

from mmavf.datasets.targets import folds_by_rule
from mmavf.errors import ListError, MMAVFError, printable
from mmavf.files.atomic_file import write_atomically
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import clean_cell
from mmavf.lists.clip_list import read_cell
from mmavf.lists.natural_order import natural_order


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('name', help='name of the target data set (docs/targets.md)')
    parser.add_argument('list', type=Path, help='its list, a CSV with a header')
    parser.add_argument('--out', type=Path, help='the list with folds (default: the same file)')
    return parser.parse_args()


def read_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return columns and rows of a CSV.

    Raises:
        ListError: It cannot be read, has no rows, or rows of other lengths than its header.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            # names and fields as `read_list` takes them
            reader = csv.DictReader(file, strict=True, skipinitialspace=True)
            reader.fieldnames = [clean_cell(name) for name in reader.fieldnames or []]
            rows, columns = list(reader), list(reader.fieldnames)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ListError(f'{path}: the list cannot be read ({error})') from error
    if 'video' not in columns or not rows:
        reason = why_unreadable(path, 'not a list with a header such as video,audio,label,subject, or without rows')
        raise ListError(f'{path}: {reason}')
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise ListError(f'{path}: row {number} has not as many fields as the header')
    return columns, rows


def fill(name: str, path: Path, out: Path) -> Counter[str]:
    """Write the list with its folds; return the clips per fold.

    Raises:
        ListError: The list is wrong, or has other folds already and would be overwritten.
        ConfigError: The folds of this set follow no rule.
    """
    columns, rows = read_rows(path)
    cells = [{column: read_cell(column, text) for column, text in row.items()} for row in rows]
    folds = folds_by_rule(name, cells)
    others = sum(row.get('fold', '') not in ('', fold) for row, fold in zip(cells, folds, strict=True))
    if others and out == path:
        raise ListError(f'{path}: {others} of {len(rows)} rows have another fold already: give --out to keep the list')
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, list(dict.fromkeys([*columns, 'fold'])), lineterminator='\n')
    writer.writeheader()
    writer.writerows({**row, 'fold': fold} for row, fold in zip(rows, folds, strict=True))
    write_atomically(out, text.getvalue())
    return Counter(folds)


def main() -> None:
    args = parse_args()
    out = args.out or args.list
    try:
        counts = fill(args.name, args.list, out)
    except MMAVFError as error:
        raise SystemExit(f'{type(error).__name__}: {error}') from error
    for fold in sorted(counts, key=natural_order):
        print(f'fold {fold}: {counts[fold]} clips')
    print(f'Written to {printable(str(out))}.')


if __name__ == '__main__':
    main()
