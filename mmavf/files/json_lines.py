"""Reading of files that hold a JSON value per line, of which some may be cut off or damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class JsonLines(NamedTuple):
    """What a file of JSON lines holds.

    Attributes:
        values: The values of the lines that can be read.
        lines: These lines, each with its end.
        unreadable: How many others there are, blank ones aside: cut off, cut and gone on with by another line, garbage.
    """

    values: list[Any]
    lines: list[bytes]
    unreadable: int


def parse_line(line: bytes) -> Any | None:
    """Return the value of a line of JSON in UTF-8; None where it cannot be read."""
    try:
        return json.loads(line.decode())  # of bytes `json` would guess the encoding
    except (ValueError, RecursionError):
        return None


def is_object(value: Any) -> bool:
    """Tell whether a value is a JSON object, which most lines are."""
    return isinstance(value, dict)


def parse_lines(content: bytes, accepts: Callable[[Any], bool] = is_object) -> JsonLines:
    """Read JSON lines, and leave out those that are damaged.

    Args:
        content: The lines.
        accepts: Tells of a value whether it is of the kind that was written; what was cut can be JSON still.
    """
    written = [line for line in content.split(b'\n') if line.strip()]
    parsed = [(line + b'\n', parse_line(line)) for line in written]
    kept = [(line, value) for line, value in parsed if value is not None and accepts(value)]
    return JsonLines([value for _, value in kept], [line for line, _ in kept], len(parsed) - len(kept))


def read_json_lines(path: str | Path, accepts: Callable[[Any], bool] = is_object) -> JsonLines:
    """Read a file of JSON lines (see `parse_lines`)."""
    return parse_lines(Path(path).read_bytes(), accepts)


def unreadable_text(path: str | Path, number: int) -> str:
    """Return a sentence on lines that were left out."""
    what = '1 line is left out that' if number == 1 else f'{number} lines are left out that'
    return f'{path}: {what} cannot be read: cut off while written, or damaged.'
