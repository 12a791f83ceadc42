"""Targets and folds that the path of a released checkpoint names."""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

from .card import Card
from .cards import CARDS

FOLD = re.compile(r'(?<![a-z])(?:fold|split|set)[-_ ]?0*(\d+)(?![a-z\d])')


class NamedTarget(NamedTuple):
    """A target that a path names.

    Attributes:
        name: Name of the card.
        fold: The held-out fold; '' if the path does not name one of the target's folds.
    """

    name: str
    fold: str


def targets_in_path(path: PurePath, num_classes: int) -> list[NamedTarget]:
    """Return the targets with so many classes that a path names, such as `crema-d/fold_2.pth` or `split03/MAFW.pth`.

    Several are returned if the number of classes does not distinguish them.
    """
    text = path.as_posix().lower()
    named = [card for card in CARDS.values() if card.num_classes == num_classes and _names(text, card)]
    return [NamedTarget(card.name, _fold(FOLD.findall(text), card)) for card in named]


def compare_with_path(path: PurePath, num_outputs: int, target: str | None, fold: str | int | None) -> str:
    """Return a sentence on what the path of a fine-tuned file names, next to what a run tests on.

    Args:
        path: The file.
        num_outputs: Outputs of its head.
        target: Target of the run; None without one.
        fold: Fold that the run tests on; None where it is not told.
    """
    named = targets_in_path(path, num_outputs)
    if not named:
        return 'Clips that this run tests on may have been among them.'
    same = next((one for one in named if one.name == target), None)
    theirs = ' or '.join(f'{one.name}, fold {one.fold}' if one.fold else one.name for one in named)
    ours = f'{target or "a list of its own"}, fold {fold}' if fold is not None else target or 'a list of its own'
    if same is None:
        return f'Its path, {path}, names {theirs}, and this run tests on {ours}.'
    if not same.fold or fold is None:
        return f'Its path, {path}, names {theirs}: this run must test on the fold that it was not trained on.'
    if same.fold == str(fold):
        return f'Its path, {path}, names {theirs}, which this run tests on; that the name is right cannot be checked.'
    return (
        f'Its path, {path}, names {theirs}, and this run tests on {ours}: it has been trained on the clips under test, '
        'unless its name is wrong.'
    )


def _names(text: str, card: Card) -> bool:
    # mafw11 and mafw43 are both called mafw; mer24 is not called by its family, mer2023
    spelling = card.family if card.name.startswith(card.family) else card.name
    return bool(re.search(rf'(?<![a-z\d]){spelling.replace("_", "[-_ ]?")}(?![a-z])', text))


def _fold(numbers: Sequence[str], card: Card) -> str:
    if card.folds.only:
        return card.folds.only
    fits = card.folds.column == 'fold' and len(set(numbers)) == 1 and 1 <= int(numbers[0]) <= (card.folds.number or 0)
    return numbers[0] if fits else ''
