"""The order in which people count."""

import re


def natural_order(name: str) -> list[str | int]:
    """Return a sort key that puts `2` before `10`, and `clip9` before `clip10`."""
    # re.split with a group alternates text and digits, so that only like is compared with like
    return [int(part) if place % 2 else part for place, part in enumerate(re.split(r'([0-9]+)', name))]
