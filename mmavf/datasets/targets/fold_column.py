"""The column `fold` of a target's list."""

import csv
import io
from collections import Counter
from pathlib import Path

from mmavf.errors import ListError
from mmavf.files.atomic_file import write_atomically
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import clean_cell
from mmavf.lists.clip_list import read_cell

from .folds import folds_by_rule


def _read_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return columns and rows of a CSV.

    Raises:
        ListError: It cannot be read, or has no rows, or rows of other lengths than its header.
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
        reason = why_unreadable(
            path, 'it is not a list with a header such as video,audio,label,subject, or it has no rows'
        )
        raise ListError(f'{path}: {reason}')
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise ListError(f'{path}: row {number} does not have as many fields as the header')
    return columns, rows


def fill_fold_column(name: str, path: Path, out: Path) -> Counter[str]:
    """Write the list of a target with its folds by the rule on its card; return the clips per fold.

    A column `fold` that is not there is added; the other columns and all rows stay, written with line feeds and quoted
    where they need it.

    Raises:
        ListError: The list is wrong, or has other folds already and would be overwritten.
        ConfigError: The folds of this set follow no rule.
    """
    columns, rows = _read_rows(path)
    cells = [{column: read_cell(column, text) for column, text in row.items()} for row in rows]
    folds = folds_by_rule(name, cells)
    others = sum(row.get('fold', '') not in ('', fold) for row, fold in zip(cells, folds, strict=True))
    if others and out == path:
        raise ListError(f'{path}: {others} of {len(rows)} rows have another fold already: set --out to keep the list')
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, list(dict.fromkeys([*columns, 'fold'])), lineterminator='\n')
    writer.writeheader()
    writer.writerows({**row, 'fold': fold} for row, fold in zip(rows, folds, strict=True))
    write_atomically(out, text.getvalue())
    return Counter(folds)
