"""Reading of lists of clips.

Two formats are read:

* CSV with a header: `video,audio,label` and optionally `start,end,subject,fold,group,id,fps`.
* The space-separated lists without a header of earlier releases of this line of work: `frames_dir wav label ...`,
  `clip.mp4 label ...`, `frames_dir wav`.

`docs/data.md` describes the columns.
"""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from mmavf.errors import ListError
from mmavf.files.git_lfs import why_unreadable

from .cells import LONGEST, SEPARATORS, cell_fault, clean_cell, split_header, whole_number

NUMBER_COLUMNS = ('start', 'end', 'fps')
TEXT_COLUMNS = ('audio', 'subject', 'fold', 'group', 'id')
NAME_COLUMNS = ('subject', 'fold', 'group', 'id')  # whose whole numbers a program may have written with decimals
SHOWN_PROBLEMS = 10
SEPARATOR_LINE = re.compile('"?sep=."?,*', re.IGNORECASE)  # which some spreadsheets write above the header

Problem = tuple[int, str]


def list_hash(ann_file: str) -> str:
    """Return the SHA-256 of a list's content, which identifies it wherever it is stored."""
    return sha256(Path(ann_file).read_bytes()).hexdigest()


def read_list(ann_file: str, label_columns: tuple[str, ...] = ()) -> tuple[list[dict], list[Problem]]:
    """Read a list of clips.

    Args:
        ann_file: The list.
        label_columns: Columns of a CSV that hold labels. In a space-separated list the labels follow the paths in this
            order.

    Returns:
        Entries: dicts with `line` (from 1), `video`, `labels` (texts, one per label column) and, if not
        empty, `audio`, `subject`, `fold`, `id` (str), `start`, `end` (seconds), `fps` (float).
        Problems: (line, text) for each row that is wrong; such a row gives no entry.

    Raises:
        ListError: The list is missing, unreadable, empty, not UTF-8, or lacks a column.
    """
    try:
        with open(ann_file, encoding='utf-8-sig', newline='') as file:
            first_line = next((line for line in file if clean_cell(line)), '')
            _check_text(ann_file, first_line)
            _check_separator(ann_file, first_line)
            header = _csv_header(first_line)
            file.seek(0)
            if header is None:
                entries, problems = _read_spaced(file, label_columns)
            else:
                _check_header(ann_file, header, label_columns)
                entries, problems = _read_csv(file, label_columns)
    except OSError as error:
        raise ListError(
            f'{ann_file}: the list cannot be read ({error.strerror}). A relative ann_file is looked up in data_root; '
            'docs/data.md describes the format of lists.'
        ) from error
    except UnicodeDecodeError as error:
        raise ListError(f'{ann_file}: the list is not UTF-8 text ({error}): save it as CSV in UTF-8') from error
    except csv.Error as error:
        raise ListError(f'{ann_file}: the list is not a valid CSV ({error}): is a quotation mark missing?') from error
    if not entries and not problems:
        raise ListError(f'{ann_file}: the list is empty')
    return entries, problems


def raise_problems(ann_file: str, problems: list[Problem]) -> None:
    """Raise one ListError that names the first problems by file and line; do nothing if there are none."""
    if not problems:
        return
    problems = sorted(problems)
    shown = ''.join(f'\n  {ann_file}:{line}: {text}' for line, text in problems[:SHOWN_PROBLEMS])
    more = f'\n  ... and {len(problems) - SHOWN_PROBLEMS} more' if len(problems) > SHOWN_PROBLEMS else ''
    raise ListError(f'{ann_file}: {len(problems)} problem(s) in the list:{shown}{more}')


def clip_id(entry: dict) -> str:
    """Return the id of an entry: that of the list, else its files and the part of them that is used."""
    files = '+'.join(entry[kind] for kind in ('video', 'audio') if entry.get(kind))
    span = f'#{entry.get("start", 0):g}-{entry.get("end", "")}' if 'start' in entry or 'end' in entry else ''
    return entry.get('id') or files + span


def read_cell(column: str, text: str) -> str:
    """Return the normalised text of a cell: without blanks at its ends and, in a column of names, 46.0 as 46."""
    text = clean_cell(text)
    return whole_number(text) if column in NAME_COLUMNS else text


def _check_text(ann_file: str, line: str) -> None:
    if '\0' in line:
        raise ListError(f'{ann_file}: the list is not UTF-8 text (it holds NUL characters): save it as CSV in UTF-8')
    if fault := why_unreadable(ann_file, ''):
        raise ListError(f'{ann_file}: {fault}')


def _check_separator(ann_file: str, line: str) -> None:
    if SEPARATOR_LINE.fullmatch(clean_cell(line)):
        raise ListError(f'{ann_file}:1: this line is for spreadsheets only: remove it and save the list with commas')
    for separator, name in SEPARATORS.items():
        columns = split_header(line.lower(), separator)
        if len(columns) > 1 and 'video' in columns:
            raise ListError(f'{ann_file}:1: the columns are separated by {name}: save the list with commas instead')


def _csv_header(line: str) -> list[str] | None:
    """Return the columns if `line` is the header of a CSV, None if it is a row of a space-separated list."""
    columns = [clean_cell(column) for column in next(csv.reader([line]), [])]
    is_csv = len(columns) > 1 or columns == ['video'] or not columns
    return columns if is_csv else None


def _check_header(ann_file: str, header: list[str], label_columns: tuple[str, ...]) -> None:
    if not header:
        raise ListError(f'{ann_file}: the list is empty')
    doubled = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if doubled:
        raise ListError(f'{ann_file}:1: the header has {", ".join(doubled)} more than once')
    missing = [column for column in ('video', *label_columns) if column not in header]
    if missing:
        raise ListError(
            f'{ann_file}:1: missing column(s) {", ".join(missing)}; the header has {", ".join(header)}. '
            'A CSV list starts with a header such as video,audio,label.'
        )


def _read_csv(file: Any, label_columns: tuple[str, ...]) -> tuple[list[dict], list[Problem]]:
    reader = csv.reader(file, strict=True, skipinitialspace=True)
    header = next(row for row in reader if any(map(clean_cell, row)))
    column = {clean_cell(name): i for i, name in enumerate(header)}
    texts = [(name, column[name]) for name in TEXT_COLUMNS if name in column]
    labels = [(name, column[name]) for name in label_columns]
    numbers = [(name, column[name]) for name in NUMBER_COLUMNS if name in column]
    video = column['video']
    entries, problems = [], []
    for row in _rows(reader):
        if len(row) < 2 and not clean_cell(''.join(row)):  # a blank line
            continue
        line = reader.line_num
        if len(row) != len(header):
            problems.append((line, f'{len(row)} fields, the header has {len(header)}'))
            continue
        entry = {'line': line, 'video': clean_cell(row[video]), 'labels': [clean_cell(row[i]) for _, i in labels]}
        entry.update({name: text for name, i in texts if (text := read_cell(name, row[i]))})
        fault = _add_numbers(entry, [(name, text) for name, i in numbers if (text := clean_cell(row[i]))])
        if not entry['video'] and 'audio' not in entry:
            fault = 'names neither video nor sound'
        if (
            not (text := ''.join(row)).isprintable() or len(text) > LONGEST
        ):  # rarely true, so the slow check is rarely run
            fault = _text_fault(entry, label_columns) or fault
        if fault:
            problems.append((line, fault))
        else:
            entries.append(entry)
    return entries, problems


def _rows(reader: Any) -> Iterator[list[str]]:
    """Yield the rows of a CSV reader; its errors say where the unreadable row begins."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise csv.Error(f'{error}, in the row that begins at line {line}') from error
        if row is None:
            return
        yield row


def _text_fault(entry: dict, label_columns: tuple[str, ...]) -> str | None:
    """Return what is wrong with the texts of `entry`, if anything."""
    cells = [(name, entry[name]) for name in ('video', *TEXT_COLUMNS) if name in entry]
    cells += zip(label_columns, entry['labels'], strict=True)
    return next((fault for name, text in cells if (fault := cell_fault(name, text))), None)


def _add_numbers(entry: dict, fields: list[tuple[str, str]]) -> str | None:
    """Add numeric fields to `entry`; return what is wrong with them, if anything."""
    for name, text in fields:
        try:
            entry[name] = float(text)
        except ValueError:
            return f'{name} is not a number: {text!r}'
        if not 0 <= entry[name] < float('inf'):
            return f'{name} must be finite and not negative: {text}'
    if entry.get('fps') == 0:
        return 'fps must be positive: 0'
    if 'end' in entry and entry['end'] <= entry.get('start', 0.0):
        return f'end {entry["end"]:g} is not after start {entry.get("start", 0.0):g}'
    return None


def _read_spaced(file: Any, label_columns: tuple[str, ...]) -> tuple[list[dict], list[Problem]]:
    entries, problems = [], []
    for line, row in enumerate(file, start=1):
        fields = clean_cell(row).split()
        if not fields:
            continue
        entry = {'line': line, 'video': fields[0]}
        # the second field is a sound file if it has a file name extension; labels are numbers or class names
        has_audio = len(fields) > 1 and not _is_number(fields[1]) and os.path.splitext(fields[1])[1] != ''
        if has_audio:
            entry['audio'] = fields[1]
        labels = fields[2 if has_audio else 1 :]
        entry['labels'] = labels[: len(label_columns)]
        if len(labels) < len(label_columns):
            problems.append(
                (line, f'{len(labels)} label(s), expected {len(label_columns)} ({", ".join(label_columns)})')
            )
        elif fault := _text_fault(entry, label_columns):
            problems.append((line, fault))
        else:
            entries.append(entry)
    return entries, problems


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
