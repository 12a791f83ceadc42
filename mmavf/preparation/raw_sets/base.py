"""The base class of parsers of raw data sets."""

import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmavf.datasets.media.frame_folder import is_image
from mmavf.datasets.targets import CARDS
from mmavf.errors import RawDataError, printable
from mmavf.lists.cells import cell_fault
from mmavf.lists.natural_order import natural_order

from ..raw_clip import LeftOut, RawClip, RawIndex
from .folders import NOT_UTF8, walk_once

VIDEO_SUFFIXES = (
    *('.mp4', '.avi', '.mov', '.mkv', '.flv', '.mpg', '.mpeg', '.webm', '.m4v', '.wmv', '.asf', '.ts', '.mts', '.m2ts'),
    *('.m2v', '.vob', '.3gp', '.3g2', '.ogv', '.f4v', '.dv', '.mxf', '.divx', '.mjpeg'),
)
SOUND_SUFFIXES = ('.wav', '.flac', '.m4a', '.mp3', '.aac', '.ogg', '.opus', '.wma', '.aif', '.aiff', '.ac3')
SAFE_ID = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.-]*')  # no name of a hidden file, nor of a folder above


class RawSet(ABC):
    """A raw data set as its owners distribute it; it is only read.

    A subclass registers itself in `RAW_SETS` under the name of its card or corpus, describes in `layout` what is
    expected where, and implements `parse`. A new set needs no other change.

    Args:
        raw: The folder with the raw files.
        name: The name under which the parser was requested; one class may serve several cards.

    Attributes:
        layout: What is expected where.
        labelled: Whether clips have labels; a corpus for pre-training has none.
        notes: Remarks for the user on this copy of the set, each a sentence; added by `parse`.

    Raises:
        RawDataError: The folder does not exist or cannot be read.
    """

    layout: str = ''
    labelled: bool = True

    def __init__(self, raw: str | Path, name: str) -> None:
        self.raw = Path(raw)
        self.name = name
        self.notes: list[str] = []
        self._passed_over: list[LeftOut] = []
        try:
            next(self.raw.iterdir(), None)
        except OSError as error:
            raise RawDataError(
                f'{self.raw}: the raw folder cannot be read ({error.strerror}). {self.expected}'
            ) from error

    @property
    def expected(self) -> str:
        """What is expected where, as a sentence with the layout."""
        return f'Expected of {self.name} in it:\n{self.layout}'

    @property
    def list_file(self) -> str:
        """Path of the list of clips, relative to the set's folder, where configs expect it."""
        return 'lists/all.csv' if self.labelled else 'lists/pretrain.csv'

    def index(self) -> RawIndex:
        """Return the set's clips, ordered by id, and what is left out.

        Clips whose texts cannot be written to a list are among the latter.

        Raises:
            RawDataError: The folder does not contain the set as in `layout`, no clip is found, or clips have the same
                id, or an id that cannot be a file name.
        """
        self.notes.clear()
        parsed, without = self.parse()
        faults = [_text_fault(clip) for clip in parsed]
        clips = [clip for clip, fault in zip(parsed, faults, strict=True) if not fault]
        unfit = [LeftOut(clip.id, fault) for clip, fault in zip(parsed, faults, strict=True) if fault]
        without = [*without, *unfit, *self._passed_over]
        left_out = sorted({LeftOut(printable(name), printable(reason)) for name, reason in without})
        if not clips:
            reasons = Counter(entry.reason for entry in left_out).most_common(3)
            why = ''.join(f'; {number} times: {reason}' for reason, number in reasons)
            raise RawDataError(f'{self.raw}: no clip found ({len(left_out)} left out{why}). {self.expected}')
        unsafe = [clip.id for clip in clips if not SAFE_ID.fullmatch(clip.id)]
        twice = [name for name, count in Counter(clip.id for clip in clips).items() if count > 1]
        if unsafe or twice:
            raise RawDataError(
                f'{self.raw}: ids that cannot be used {unsafe[:10]}, or used twice {twice[:10]}: each clip needs '
                'an id of its own, of letters, digits and _.- only'
            )
        return RawIndex(sorted(clips, key=lambda clip: natural_order(clip.id)), left_out)

    @abstractmethod
    def parse(self) -> RawIndex:
        """Return the clips and what is left out, in any order; see `index`."""

    def class_names(self, clips: Sequence[RawClip]) -> list[str]:
        """Return the names of the classes in index order: those of the card, else the labels of the set's clips."""
        if self.name in CARDS:
            return list(CARDS[self.name].classes)
        return sorted({clip.label for clip in clips} - {''}, key=natural_order)

    def find(self, *names: str) -> Path | None:
        """Return the path of the first of `names`, relative to the raw folder, that exists; None if none does."""
        # os.path: a path below an unreadable folder counts as missing
        return next((self.raw / name for name in names if os.path.exists(self.raw / name)), None)

    def require(self, *names: str) -> Path:
        """Return the path of the first of `names`, relative to the raw folder, that exists.

        Raises:
            RawDataError: None exists; the message says what was expected where.
        """
        found = self.find(*names)
        if found is None:
            raise RawDataError(f'{self.raw}: there is no {" or ".join(names)}. {self.expected}')
        return found

    def relative(self, path: Path) -> str:
        """Return `path` relative to the raw folder, with forward slashes."""
        return path.relative_to(self.raw).as_posix()

    def leave_out(self, path: Path, reason: str) -> None:
        """Add a path of the raw folder to what `index` returns as left out."""
        self._passed_over.append(LeftOut(self.relative(path), reason))

    def walk(self, folder: str = '.') -> Iterator[tuple[Path, list[str]]]:
        """Yield each folder from `folder` on, with the names of its files; see `walk_once`.

        Folders that cannot be searched are added to what `index` returns as left out.
        """
        yield from walk_once(self.raw / folder, self.raw, self.leave_out)

    def files(self, folder: str = '.', suffixes: tuple[str, ...] = VIDEO_SUFFIXES) -> list[Path]:
        """Return the files below `folder` with one of `suffixes` in any case, in natural order of their paths.

        Hidden files are skipped: archives add `._clip.mp4`, which is not a video, beside `clip.mp4`. Files whose names
        cannot be written to a list are added to what `index` returns as left out; of images only the folder is listed.
        """
        found = []
        for root, names in self.walk(folder):
            for name in names:
                if not name.lower().endswith(suffixes) or name.startswith('.'):
                    continue
                if printable(name) == name:
                    found.append(root / name)
                elif not is_image(name):
                    self.leave_out(root / name, NOT_UTF8)
        return sorted(found, key=lambda path: natural_order(self.relative(path)))


def _text_fault(clip: RawClip) -> str | None:
    """Return why a clip cannot be written to a list; None if it can."""
    for name in ('label', 'subject', 'fold', 'group'):
        text = getattr(clip, name)
        if cell_fault(name, text):
            return f'its {name} contains a line break or another control character, or is too long'
        if printable(text) != text:
            return f'its {name} is not UTF-8 text'
    return None
