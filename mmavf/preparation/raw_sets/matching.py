"""Matching of the labels and the media of a raw set by the names of clips."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mmavf.errors import RawDataError, printable

from ..raw_clip import LeftOut
from .base import SOUND_SUFFIXES, VIDEO_SUFFIXES, RawSet
from .folders import NOT_UTF8


def by_name(
    raw_set: RawSet, paths: Iterable[Path], name: Callable[[str], str] = str
) -> tuple[dict[str, str], list[LeftOut]]:
    """Return paths relative to the raw folder by the name of the clip.

    Args:
        raw_set: The set that the paths belong to.
        paths: Media, in order of preference.
        name: Returns the name of the clip for a file name without suffix.

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


def sound_by_name(
    raw_set: RawSet, folders: Iterable[Path | None], name: Callable[[str], str] = str
) -> tuple[dict[str, str], list[LeftOut]]:
    """Return the sources of the sound of clips, see `by_name`: sound files, or else videos.

    Args:
        raw_set: The set that the folders belong to.
        folders: Where to look, in order of preference; None for those that do not exist.
        name: Returns the name of the clip for a file name without suffix.
    """
    there = [raw_set.relative(folder) for folder in folders if folder]
    sound, doubles = by_name(
        raw_set, [path for folder in there for path in raw_set.files(folder, SOUND_SUFFIXES)], name
    )
    videos, more = by_name(raw_set, [path for folder in there for path in raw_set.files(folder, VIDEO_SUFFIXES)], name)
    return {**videos, **sound}, doubles + more


def subfolders(raw_set: RawSet, folder: Path) -> dict[str, str]:
    """Return the folders in `folder` as paths relative to the raw folder, by name.

    Those whose names cannot be written to a list are added to what `index` of the set returns as left out.

    Raises:
        RawDataError: The folder cannot be listed.
    """
    found = {}
    try:
        for path in folder.iterdir():
            if printable(path.name) != path.name:
                raw_set.leave_out(path, NOT_UTF8)
            elif path.is_dir():
                found[path.name] = raw_set.relative(path)
    except OSError as error:
        raise RawDataError(f'{folder}: the folder cannot be listed ({error.strerror})') from error
    return found


def unmatched(labels: Iterable[str], media: Mapping[str, str]) -> list[LeftOut]:
    """Return labels without media and media without labels.

    Args:
        labels: Names of the clips that have a label, or are left out for another reason.
        media: Their media by name.
    """
    labels = set(labels)
    return [
        *(LeftOut(name, 'a label without media') for name in labels - media.keys()),
        *(LeftOut(path, 'media without a label') for name, path in media.items() if name not in labels),
    ]


def unheard(sound: Mapping[str, str], videos: Mapping[str, str]) -> list[LeftOut]:
    """Return the sound files without a video; both are paths by name of the clip."""
    return [LeftOut(path, 'sound without a video') for name, path in sound.items() if name not in videos]


def unusable(name: str, label: str) -> LeftOut:
    """Return that a clip is left out because of its label."""
    return LeftOut(name, f'label {label!r} is none of the classes')
