"""The recordings that a command line names, and where their results go."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmavf.lists.natural_order import natural_order

from .program import UsageError

OVERLAY = '.overlay.mp4'  # results, which are not recordings


@dataclass(frozen=True)
class Job:
    """A recording and its results.

    Attributes:
        path: The recording.
        out: Where results go, without a suffix.
    """

    path: Path
    out: Path


def find_recordings(paths: Sequence[Path]) -> tuple[dict[Path, Path], int]:
    """Return the recordings of files and folders in their order, and how many other files the folders have.

    Folders are searched with all that they contain, links to folders excepted, for the suffixes of video and sound; a
    file that is named itself may have any. A recording has its place within its folder.

    Args:
        paths: Files and folders.

    Raises:
        UsageError: A path does not exist, or there is no recording.
    """
    found: dict[Path, Path] = {}
    others = 0
    for path in paths:
        if path.is_dir():
            files = list(_walk(path))
            media = [file for file in files if _is_media(file)]
            others += len(files) - len(media)
            found |= {file: file.relative_to(path) for file in media}
        elif path.exists():
            found[path] = Path(path.name)
        else:
            raise UsageError(f'{path} does not exist')
    if not found:
        raise UsageError(f'no video or sound file in {", ".join(map(str, paths))}')
    return found, others


def find_jobs(paths: Sequence[Path], out: Path, part: tuple[int, int] = (1, 1)) -> tuple[list[Job], int]:
    """Return the recordings of files and folders with the places of their results, and the number of other files.

    Results lie under `out` as recordings lie in their folder; where two would have the same name, both keep the suffix
    of their recording.

    Args:
        paths: As in `find_recordings`.
        out: Folder of the results.
        part: `(3, 16)`: every 16th recording, from the third on.

    Raises:
        UsageError: As of `find_recordings`; or two recordings have the same place in their folders, or none is in the
            part.
    """
    found, others = find_recordings(paths)
    owners: dict[Path, Path] = {}
    for path, place in found.items():
        owner = owners.setdefault(place, path)
        if owner.resolve() != path.resolve():
            raise UsageError(
                f'{owner} and {path} would both have their results at {out / place.with_suffix("")}: give each folder '
                'an --out of its own, or name the folder that both lie in'
            )
    names = _names(owners)
    jobs = [Job(path, out / names[place]) for place, path in owners.items()]
    number, of = part
    if number > len(jobs):
        raise UsageError(f'there are {len(jobs)} recordings, and none for part {number} of {of}')
    return jobs[number - 1 :: of], others


def _names(places: Iterable[Path]) -> dict[Path, Path]:
    """Return each place without its suffix, or whole where that would be the name of another one, too."""
    names = {place: place.with_suffix('') for place in places}
    while doubled := {name for name, count in Counter(names.values()).items() if count > 1}:
        # again, as a whole name may be that of x.mp4.wav without its suffix
        names = {place: place if name in doubled else name for place, name in names.items()}
    return names


def part_of(text: str) -> tuple[int, int]:
    """Return (3, 16) of '3/16', for argparse.

    Raises:
        ValueError: It is not such a text.
    """
    number, of = (int(word) for word in text.split('/'))
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of


def _is_media(file: Path) -> bool:
    from mmavf.preparation.raw_sets.base import SOUND_SUFFIXES, VIDEO_SUFFIXES  # loads PyTorch: not for --help

    return file.suffix.lower() in VIDEO_SUFFIXES + SOUND_SUFFIXES and not file.name.endswith(OVERLAY)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort(key=natural_order)
        yield from (Path(place, name) for name in sorted(names, key=natural_order))
