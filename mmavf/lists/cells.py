"""Text of single cells of lists and tables."""

import re
import string

# all white space of Unicode, including no-break spaces
_SPACES = string.whitespace + '\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000'
_SPACES += ''.join(map(chr, range(0x2000, 0x200B)))
# zero-width characters that spreadsheets and chats leave behind, including byte-order marks
_WITHOUT_WIDTH = '\xad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff'
BLANKS = _SPACES + _WITHOUT_WIDTH

# what spreadsheets write instead of commas in some languages
SEPARATORS = {';': 'semicolons', '\t': 'tabs', '|': 'vertical bars'}
LONGEST = 4096  # the longest path
SHOWN = 60

_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029]')
_WHOLE = re.compile(r'([+-]?[0-9]+)\.0+')


def clean_cell(text: str) -> str:
    """Return the text of a cell without white space and zero-width characters at its ends."""
    return text.strip(BLANKS)


def whole_number(text: str) -> str:
    """Return a whole number written with decimals, such as 46.0, without them; any other text unchanged.

    Programs that store a column with an empty cell as floating-point numbers write whole numbers like this.
    """
    match = _WHOLE.fullmatch(text) if text.endswith('0') else None
    return match[1] if match else text


def split_header(line: str, separator: str) -> list[str]:
    """Return the column names of a header, without quotation marks around them."""
    return [clean_cell(clean_cell(name).strip('"')) for name in line.split(separator)]


def cell_fault(name: str, text: str) -> str | None:
    """Return what is wrong with a cell of the column `name`: control characters or excessive length; else None."""
    if _CONTROL.search(text):
        return f'{name} holds a line break or another control character: {text[:SHOWN]!r}'
    if len(text) > LONGEST:
        return f'{name} is {len(text)} characters long: {text[:SHOWN]!r}... Is a quotation mark missing?'
    return None
