"""Colours and markers that distinguish classes, also without full colour vision and in print."""

from typing import NamedTuple

# M. Petroff, Accessible Color Sequences for Data Visualization, 2021: ten colours that remain distinguishable under the
# three kinds of colour blindness and contrast with white.
COLOURS = ('#3f90da', '#ffa90e', '#bd1f01', '#94a4a2', '#832db6', '#a96b59', '#e76300', '#b9ac70', '#717581', '#92dadd')
# Matplotlib markers; the first ten classes get the first, the next ten the second, and so on.
MARKS = ('o', '^', 's', 'D', 'v', 'P', 'X', '*')


class Look(NamedTuple):
    """How one class is drawn."""

    colour: str
    mark: str


def class_look(index: int) -> Look:
    """Return colour and mark of class `index`; no two of the first 80 classes look alike."""
    return Look(COLOURS[index % len(COLOURS)], MARKS[index // len(COLOURS) % len(MARKS)])
