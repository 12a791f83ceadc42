"""Evenly spaced choices."""

import numpy as np


def evenly_spaced(count: int, number: int) -> list[int]:
    """Return `number` (or `count`, if smaller) ascending indices below `count`, including the first and the last."""
    return np.linspace(0, count - 1, min(number, count)).round().astype(int).tolist()
