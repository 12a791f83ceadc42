"""Natural order of names with numbers."""

import re


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a sort key that puts `2` before `10`, and `clip9` before `clip10`; different names have different keys."""
    # re.split with a group alternates text and digits, so that text is compared with text and number with number
    parts = [int(part) if place % 2 else part for place, part in enumerate(re.split(r'([0-9]+)', name))]
    return parts, name  # 1 and 01 differ in the name only
