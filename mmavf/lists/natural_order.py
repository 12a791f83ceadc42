"""Natural order of names with numbers."""

import re
from collections.abc import Sequence

_ZEROS = str.maketrans('123456789', '000000000')


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a sort key that puts `2` before `10`, and `clip9` before `clip10`; different names have different keys."""
    # re.split with a group alternates text and digits, so that text is compared with text and number with number
    parts = [int(part) if place % 2 else part for place, part in enumerate(re.split(r'([0-9]+)', name))]
    return parts, name  # 1 and 01 differ in the name only


def in_natural_order(names: Sequence[str]) -> list[str]:
    """Return names sorted by `natural_order`; at once where only digits differ, such as `000001.jpg`, `000002.jpg`."""
    if len({name.translate(_ZEROS) for name in names}) == 1:  # numbers of one width at the same places
        return sorted(names)
    return sorted(names, key=natural_order)
