"""Different spellings of one person, fold or group."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from mmengine.logging import MMLogger

from .cells import whole_number
from .clip_list import SHOWN_PROBLEMS, Problem
from .natural_order import natural_order

COLUMNS = ('subject', 'fold', 'group')
DIFFERENCE = 'only in case, blanks, leading zeros or Unicode form'


def spelling_problems(entries: Iterable[dict]) -> list[Problem]:
    """Return one problem for each name in `COLUMNS` with several spellings, at the first line of the second one.

    Args:
        entries: Entries of `read_list`.
    """
    lines: dict[str, dict[str, int]] = {column: {} for column in COLUMNS}
    for entry in entries:
        for column, own in lines.items():
            if column in entry:
                own.setdefault(entry[column], entry['line'])
    problems = []
    for column, own in lines.items():
        for names in alike(own):
            first, *others = sorted(names, key=own.__getitem__)
            spelt = ' and '.join(f'{name!r}' for name in others)
            text = f'{column} {spelt} differs from {first!r} in line {own[first]} {DIFFERENCE}: use one spelling'
            problems.append((own[others[0]], text))
    return problems


def warn_of_spellings(ann_file: str, entries: Iterable[dict]) -> None:
    """Warn of names with several spellings in a list that is not split."""
    problems = [f'\n  {ann_file}:{line}: {text}' for line, text in spelling_problems(entries)]
    if problems:
        more = f'\n  ... and {len(problems) - SHOWN_PROBLEMS} more' if len(problems) > SHOWN_PROBLEMS else ''
        shown = ''.join(problems[:SHOWN_PROBLEMS]) + more
        MMLogger.get_current_instance().warning(
            f'{ann_file}: names with several spellings count as different names:{shown}'
        )


@lru_cache(maxsize=1 << 16)
def spelling_key(name: str) -> str:
    """Return a key that all spellings of a name share.

    It ignores case, white space, zero-width characters, leading zeros of numbers, decimals of whole numbers, and how
    Unicode composes letters.
    """
    name = ''.join(c for c in unicodedata.normalize('NFKC', name) if unicodedata.category(c) != 'Cf').casefold()
    name = re.sub(r'(?<!\d)\s+|\s+(?!\d)', '', name)  # but two numbers with a blank between them stay two
    name = re.sub(r'\s+', ' ', name)
    return re.sub(r'(?<![\d.])0+(?=\d)', '', whole_number(name))


def alike(names: Iterable[str]) -> list[list[str]]:
    """Return the spellings of each name that has several, in natural order."""
    spellings = defaultdict(set)
    for name in names:
        spellings[spelling_key(name)].add(name)
    found = [sorted(own, key=natural_order) for own in spellings.values() if len(own) > 1]
    return sorted(found, key=lambda own: natural_order(own[0]))
