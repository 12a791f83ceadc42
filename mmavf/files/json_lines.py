"""Reading of JSON lines files, in which some lines may be cut off or damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class JsonLines(NamedTuple):
    """The contents of a JSON lines file.

    Attributes:
        values: The values of the readable lines.
        lines: These lines, each with its line end.
        unreadable: Number of other lines that are not blank: cut off, cut off and continued by another line, garbage.
    """

    values: list[Any]
    lines: list[bytes]
    unreadable: int


def parse_line(line: bytes) -> Any | None:
    """Return the value of a line of JSON in UTF-8; None if it cannot be read."""
    try:
        return json.loads(line.decode())  # given bytes, `json` would guess the encoding
    except (ValueError, RecursionError):
        return None


def is_object(value: Any) -> bool:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def parse_lines(content: bytes, accepts: Callable[[Any], bool] = is_object) -> JsonLines:
    """Read JSON lines, skipping damaged ones.

    Args:
        content: The lines.
        accepts: Whether a value is of the kind that was written; a line that was cut off can still be valid JSON.
    """
    written = [line for line in content.split(b'\n') if line.strip()]
    parsed = [(line + b'\n', parse_line(line)) for line in written]
    kept = [(line, value) for line, value in parsed if value is not None and accepts(value)]
    return JsonLines([value for _, value in kept], [line for line, _ in kept], len(parsed) - len(kept))


def read_json_lines(path: str | Path, accepts: Callable[[Any], bool] = is_object) -> JsonLines:
    """Read a file of JSON lines (see `parse_lines`)."""
    return parse_lines(Path(path).read_bytes(), accepts)


def unreadable_text(path: str | Path, number: int) -> str:
    """Return a sentence about lines that were skipped."""
    what = '1 line' if number == 1 else f'{number} lines'
    return f'{path}: skipped {what} cut off while being written, or damaged.'
