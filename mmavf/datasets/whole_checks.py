"""Checks of a data set as a whole, whose single lists may lack what the whole must have."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from mmavf.errors import ListError
from mmavf.lists.natural_order import natural_order
from mmavf.lists.spellings import DIFFERENCE, alike
from mmavf.protocol.split import Split, check_held_out

from .labels import check_classes

if TYPE_CHECKING:
    from .clip_dataset import AVClipDataset


def check_parts(parts: Sequence['AVClipDataset']) -> None:
    """Make sure that there are clips, and that each held-out value occurs in a list split by it.

    Raises:
        ListError: There is no clip, a held-out value does not occur, or folds have several spellings.
    """
    by_value: dict[tuple, tuple[Split, list[AVClipDataset]]] = {}
    for part in parts:
        if part.split is not None:
            by_value.setdefault((part.split.column, part.split.held_out), (part.split, []))[1].append(part)
    for split, same in by_value.values():
        check_held_out(split, values_of(same), names_of(same))
        if split.column == 'fold':
            _check_fold_names(same)
    if not any(map(len, parts)):
        raise ListError(f'{names_of(parts)}: no clip is left for {parts[0].split or "the given label_map"}')


def check_all_classes(parts: Sequence['AVClipDataset'], may_lack: bool) -> None:
    """Make sure that each class, if there are classes, has a clip in one of the parts; see `check_classes`."""
    if 'classes' in parts[0].metainfo:
        labels = (cast('int | tuple[int, ...]', label) for part in parts for label in part.labels())
        check_classes(labels, parts[0].metainfo['classes'], names_of(parts), may_lack)


def values_of(parts: Sequence['AVClipDataset']) -> list[str]:
    """Return the values that can be held out of any part, numbers in them counted as numbers."""
    return sorted({value for part in parts for value in part.split_values()}, key=natural_order)


def names_of(parts: Sequence['AVClipDataset']) -> str:
    """Return the names of the lists for a message."""
    return ' + '.join(part.ann_file for part in parts)


def _check_fold_names(parts: Sequence['AVClipDataset']) -> None:
    """Make sure that no fold has two spellings, because one would be trained on while the other is held out.

    Subjects are not compared: lists of several sets may use one name for different people.
    """
    if found := alike(values_of(parts)):
        names = '; '.join(' and '.join(map(repr, names)) for names in found)
        raise ListError(f'{names_of(parts)}: folds {names} differ {DIFFERENCE}: use one spelling')
