"""Markdown tables."""

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table with columns of even width, so that it is readable as text, too.

    Cells are texts, or values that `str` shows. A `|` in a cell is escaped, and so are line breaks and whatever else is
    not printable.
    """
    cells = [[in_one_line(str(cell)).replace('|', '\\|') for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ['| ' + ' | '.join(map(str.ljust, row, widths)) + ' |' for row in cells]
    lines.insert(1, '|' + '|'.join('-' * (width + 2) for width in widths) + '|')
    return '\n'.join(lines)


def in_one_line(text: str) -> str:
    """Return a text with escape sequences for all characters that are not printable."""
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)
