"""A config as Python, with the origin of each value beside it."""

from collections.abc import Iterator
from keyword import iskeyword
from math import isfinite
from typing import Any

MAX_CODE = 76  # columns of code that comments line up after; longer lines push their comment to the right
INDENT = '    '


def config_text(values: dict[str, Any], origins: dict[str, Any]) -> str:
    """Return a config as Python text that MMEngine reads as the same values, each line with its origin as a comment.

    Args:
        values: Plain values by name.
        origins: Their origins (see `trace_config`).
    """
    lines: list[tuple[str, str]] = []
    for name, value in values.items():
        lines += _lines(f'{name} = ', value, origins[name], '', '')
    width = min(MAX_CODE, max((len(code) for code, _ in lines), default=0))
    return ''.join(f'{code:<{width}}  # {origin}\n' if origin else f'{code}\n' for code, origin in lines)


def _lines(head: str, value: Any, origin: Any, tail: str, indent: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a value with their origins: one line where it is short and has a single origin."""
    single = _single(origin)
    code = f'{indent}{head}{_code(value)}{tail}'
    if single is not None and (len(code) <= MAX_CODE or not value or not isinstance(value, dict | list | tuple)):
        yield code, single
        return
    opening, closing, parts = _parts(value, origin)
    yield f'{indent}{head}{opening}', ''
    for start, part, part_origin in parts:
        yield from _lines(start, part, part_origin, ',', indent + INDENT)
    yield f'{indent}{closing}{tail}', ''


def _parts(value: Any, origin: Any) -> tuple[str, str, list[tuple[str, Any, Any]]]:
    """Return the brackets of a dict, list or tuple and, of each part, what stands before it, the part, its origin."""
    if not isinstance(value, dict):
        opening, closing = '[]' if isinstance(value, list) else '()'
        return opening, closing, [('', part, _of(origin, number)) for number, part in enumerate(value)]
    if all(_is_argument(key) for key in value):
        return 'dict(', ')', [(f'{key}=', part, _of(origin, key)) for key, part in value.items()]
    return '{', '}', [(f'{key!r}: ', part, _of(origin, key)) for key, part in value.items()]


def _is_argument(key: Any) -> bool:
    """Tell whether a key can be written as the name of an argument."""
    return isinstance(key, str) and key.isidentifier() and not iskeyword(key)


def _of(origin: Any, key: Any) -> Any:
    return origin if isinstance(origin, str) else origin[key]


def _single(origin: Any) -> str | None:
    """Return the origin that all parts of a value have; None where they differ."""
    if isinstance(origin, str):
        return origin
    found = {_single(part) for part in (origin.values() if isinstance(origin, dict) else origin)}
    return found.pop() if len(found) == 1 else None


def _code(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        opening, closing, parts = _parts(value, '')
        comma = ',' if isinstance(value, tuple) and len(value) == 1 else ''
        return opening + ', '.join(start + _code(part) for start, part, _ in parts) + comma + closing
    if isinstance(value, float) and not isfinite(value):
        return f"float('{value}')"
    return repr(value)
