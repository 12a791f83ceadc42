"""Files of a timeline: JSON for programs, CSV for tables."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from mmavf.errors import ResultError
from mmavf.files.atomic_file import write_atomically

from .timeline import Timeline

TIME_DIGITS = 6  # microseconds
PLACE_DIGITS = 2  # hundredths of a pixel or degree
EXACT = ('scores', 'settings')  # settings are compared with those of a later run


def write_json(timeline: Timeline, path: Path) -> None:
    """Write a timeline as JSON, atomically; `read_json` reads it.

    Times are rounded to microseconds, places of faces to hundredths of a pixel, scores and settings not at all.

    Raises:
        OSError: It cannot be written.
        ValueError: It holds NaN or infinity.
    """
    data = timeline.to_dict()
    lines = [f'  {json.dumps(key)}: {_value(key, value)}' for key, value in data.items()]
    write_atomically(path, '{\n' + ',\n'.join(lines) + '\n}\n')


def read_json(path: Path) -> Timeline:
    """Read a timeline.

    Raises:
        OSError: The file cannot be read.
        ResultError: It is not a timeline of this schema, or damaged.
    """
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ResultError(f'{path}: this is not JSON: {error}') from error
    try:
        return Timeline.from_dict(data if isinstance(data, dict) else {})
    except ResultError as error:
        raise ResultError(f'{path}: {error}') from error


def write_csv(timeline: Timeline, path: Path) -> None:
    """Write one row per track and window: track, start_sec, end_sec, label, missing, and a column per score.

    Raises:
        OSError: It cannot be written.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, timeline.columns(), lineterminator='\n')
    table.writeheader()
    for row in timeline.rows():
        times = {key: f'{row[key]:.{TIME_DIGITS}f}' for key in ('start_sec', 'end_sec')}
        table.writerow(row | times)
    write_atomically(path, text.getvalue())


def _value(key: str, value: Any) -> str:
    """Return JSON, a line for each element of the long lists."""
    rounded = _rounded(value, TIME_DIGITS, key)
    if isinstance(rounded, list) and rounded and isinstance(rounded[0], dict):
        return '[\n    ' + ',\n    '.join(_dump(item) for item in rounded) + '\n  ]'
    return _dump(rounded)


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _rounded(value: Any, digits: int, key: str) -> Any:
    if key in EXACT:
        return value
    if isinstance(value, dict):
        return {
            name: _rounded(item, PLACE_DIGITS if name == 'places' else digits, name) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_rounded(item, digits, key) for item in value]
    return round(value, digits) if isinstance(value, float) else value
