"""The column `fold` of a list."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmavf.errors import ListError
from mmavf.files.atomic_file import write_atomically
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import clean_cell
from mmavf.lists.clip_list import read_cell

Row = Mapping[str, str]


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


def fill_fold_column(path: Path, out: Path, folds_of: Callable[[Sequence[Row]], list[str]]) -> list[dict[str, str]]:
    """Write a list with its folds; return its rows, cells as training reads them, `fold` as it is now.

    A column `fold` that is not there is added; the other columns and all rows stay, written with line feeds and quoted
    where they need it.

    Args:
        path: The list, a CSV with a header.
        out: The file to write.
        folds_of: Returns the fold of each row.

    Raises:
        ListError: The list is wrong, or has other folds already and would be overwritten.
        MMAVFError: Of `folds_of`.
    """
    columns, rows = _read_rows(path)
    cells = [{column: read_cell(column, text) for column, text in row.items()} for row in rows]
    folds = folds_of(cells)
    others = sum(row.get('fold', '') not in ('', fold) for row, fold in zip(cells, folds, strict=True))
    if others and out.exists() and out.samefile(path):
        raise ListError(f'{path}: {others} of {len(rows)} rows have another fold already: set --out to keep the list')
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, list(dict.fromkeys([*columns, 'fold'])), lineterminator='\n')
    writer.writeheader()
    writer.writerows({**row, 'fold': fold} for row, fold in zip(rows, folds, strict=True))
    write_atomically(out, text.getvalue())
    return [{**row, 'fold': fold} for row, fold in zip(cells, folds, strict=True)]
