"""Reading of the tables of raw data sets: label sheets, split files."""

import csv
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import pandas

from mmavf.errors import RawDataError
from mmavf.files.git_lfs import IS_POINTER, is_lfs_pointer
from mmavf.lists.cells import SEPARATORS, clean_cell, split_header, whole_number

SEARCHED_ROWS = 40
XLSX_START, XLS_START = b'PK\x03\x04', b'\xd0\xcf\x11\xe0'

Columns = Mapping[str, str | Sequence[str]]


def read_table(
    path: Path, columns: Columns, *, optional: Sequence[str] = (), verbatim: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Read a table with a header: .csv (UTF-8, with or without a byte-order mark), or a workbook's first sheet (.xlsx).

    The header is the first row that has all needed columns: some owners put a title and terms of use above it. Names
    of columns are compared without regard to case, spaces and underscores.

    Args:
        path: The table.
        columns: For each name in the result, the name or the alternative names that the column has in the file.
        optional: Names in the result whose column may be missing; then they are ''.
        verbatim: Names in the result whose texts are kept as they are, except for surrounding white space.

    Returns:
        The rows that are not empty, as dicts with the keys of `columns`: texts without surrounding white space, ''
        for empty cells; whole numbers without decimals, however the program that wrote the table saw them.

    Raises:
        RawDataError: The table cannot be read, or lacks a column; the message names both and the columns there are.
    """
    cells = _read_workbook(path) if _is_workbook(path) else _read_text(path)
    needed = [name for name in columns if name not in optional]
    best: list[str] = []
    for number, header in enumerate(cells[:SEARCHED_ROWS]):
        places = _places(header, columns)
        if all(name in places for name in needed):
            rows = [[*row, *[''] * len(header)] for row in cells[number + 1 :] if any(row)]
            read = {name: str if name in verbatim else whole_number for name in columns}
            return [{name: read[name](row[places[name]]) if name in places else '' for name in columns} for row in rows]
        # the closest row is probably meant as the header
        best = max(best, header, key=lambda row: (len(_places(row, columns)), sum(map(bool, row))))
    for separator, kind in SEPARATORS.items():
        if any(_has_all(needed, columns, split_header(','.join(row), separator)) for row in cells[:SEARCHED_ROWS]):
            raise RawDataError(f'{path}: the columns are separated by {kind}: save the table with commas')
    missing = [' or '.join(_aliases(columns[name])) for name in needed if name not in _places(best, columns)]
    raise RawDataError(
        f'{path}: there is no column {"; ".join(missing)}. The columns there are: {", ".join(filter(None, best))}'
    )


def _has_all(needed: Sequence[str], columns: Columns, header: Sequence[str]) -> bool:
    places = _places(header, columns)
    return all(name in places for name in needed)


def _is_workbook(path: Path) -> bool:
    """Return whether a file is a workbook by its first bytes: owners use one suffix for old and new ones, and texts."""
    try:
        with path.open('rb') as file:
            start = file.read(4)
        if is_lfs_pointer(path):
            raise RawDataError(f'{path}: {IS_POINTER}')
    except OSError as error:
        raise RawDataError(f'{path}: the table cannot be read ({error.strerror})') from error
    if start == XLS_START:
        raise RawDataError(f'{path}: a workbook of the old .xls format. Save it as .xlsx, or as .csv in UTF-8.')
    if not start:
        raise RawDataError(f'{path}: the table is empty')
    return start == XLSX_START


def _read_workbook(path: Path) -> list[list[str]]:
    try:
        table = pandas.read_excel(
            path, engine='openpyxl', header=None, dtype=str, keep_default_na=False, na_filter=False
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, SyntaxError, BadZipFile, zlib.error) as error:
        raise RawDataError(f'{path}: not a workbook that can be read ({error})') from error
    return [[clean_cell(str(cell)) for cell in row] for row in table.to_numpy()]


def _read_text(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding='utf-8-sig', newline='') as file:
            return [[clean_cell(cell) for cell in row] for row in csv.reader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RawDataError(f'{path}: not a text table in UTF-8 that can be read ({error})') from error


def _places(header: Sequence[str], columns: Columns) -> dict[str, int]:
    """Return the position of each column that a header has, by its first alternative found."""
    there = {_plain(cell): place for place, cell in reversed(list(enumerate(header)))}
    found = {
        name: [there[_plain(alias)] for alias in _aliases(columns[name]) if _plain(alias) in there] for name in columns
    }
    return {name: places[0] for name, places in found.items() if places}


def _aliases(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def _plain(name: str) -> str:
    return re.sub(r'[\s_]+', '', name).lower()
