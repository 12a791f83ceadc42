"""Sets whose owners provide folds, as one train and one test list each, and face frames."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ..raw_clip import LeftOut, RawClip, RawIndex
from .matching import unmatched, unusable


class Listed(NamedTuple):
    """A row of an official list.

    Attributes:
        name: Name of the clip.
        label: Its class.
        fold: Fold of a test list; '' for a train list.
    """

    name: str
    label: str
    fold: str


def face_clips(
    rows: Iterable[Listed], frames: Mapping[str, str], sound: Mapping[str, str], class_of: Callable[[str], str | None]
) -> RawIndex:
    """Return the clips of a set with official folds and face frames.

    Args:
        rows: All rows of all lists.
        frames: Folders of face frames by name of the clip.
        sound: Media with their sound by name of the clip.
        class_of: Returns the class of a row's label; None for labels that are not a class.
    """
    listed, left_out = _tested_once(rows)
    left_out += unmatched([*listed, *(name for name, _ in left_out)], frames)
    clips = []
    for row in listed.values():
        label = class_of(row.label)
        if row.name not in frames:
            continue
        if label is None:
            left_out.append(unusable(row.name, row.label))
        elif row.name not in sound:
            left_out.append(LeftOut(row.name, 'no source of sound'))
        else:
            video, audio = frames[row.name], sound[row.name]
            clips.append(RawClip(id=row.name, video=video, audio=audio, label=label, fold=row.fold, faces=True))
    return RawIndex(clips, left_out)


def _tested_once(rows: Iterable[Listed]) -> tuple[dict[str, Listed], list[LeftOut]]:
    """Return the clips that have one label and are tested in one fold, by name, and the others as left out."""
    labels: dict[str, set[str]] = defaultdict(set)
    folds: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels[row.name].add(row.label)
        folds[row.name].update({row.fold} - {''})
    clips = {}
    left_out = []
    for name in labels:
        if len(labels[name]) > 1:
            left_out.append(LeftOut(name, 'the official lists give several labels'))
        elif len(folds[name]) != 1:
            number = 'several' if folds[name] else 'no'
            left_out.append(LeftOut(name, f'{number} official folds test on it'))
        else:
            clips[name] = Listed(name, *labels[name], *folds[name])
    return clips, left_out
