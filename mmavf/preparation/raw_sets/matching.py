"""Bringing the labels and the media of a raw set together by the names of clips."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mmavf.errors import RawDataError

from ..raw_clip import LeftOut
from .base import RawSet


def by_name(
    raw_set: RawSet, paths: Iterable[Path], name: Callable[[str], str] = str
) -> tuple[dict[str, str], list[LeftOut]]:
    """Return paths relative to the raw folder by the name of the clip.

    Args:
        raw_set: The set that the paths belong to.
        paths: Media, in order of preference.
        name: Gives the name of the clip from that of the file without suffix.

    Returns:
        The first path of each name, and the others as left out.
    """
    found: dict[str, str] = {}
    doubles = []
    for path in paths:
        relative = raw_set.relative(path)
        if found.setdefault(name(path.stem), relative) != relative:
            doubles.append(LeftOut(relative, 'another file of this clip is taken'))
    return found, doubles


def subfolders(raw_set: RawSet, folder: Path) -> dict[str, str]:
    """Return the folders in `folder` as paths relative to the raw folder, by name.

    Raises:
        RawDataError: The folder cannot be listed.
    """
    try:
        return {path.name: raw_set.relative(path) for path in folder.iterdir() if path.is_dir()}
    except OSError as error:
        raise RawDataError(f'{folder}: the folder cannot be listed ({error.strerror})') from error


def unmatched(labels: Iterable[str], media: Mapping[str, str]) -> list[LeftOut]:
    """Return what only labels or only media know of.

    Args:
        labels: Names of the clips that have a label, or are left out for another reason.
        media: Their media by name.
    """
    labels = set(labels)
    return [
        *(LeftOut(name, 'a label without media') for name in labels - media.keys()),
        *(LeftOut(path, 'media without a label') for name, path in media.items() if name not in labels),
    ]


def unusable(name: str, label: str) -> LeftOut:
    """Return that a clip is left out for its label."""
    return LeftOut(name, f'label {label!r} is none of the classes')
