"""The pieces of a raw clip that become clips of their own: runs of frames, or stretches of sound."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, inf
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmavf.datasets.media import open_sound
from mmavf.datasets.media.frame_times import usual_interval_sec
from mmavf.errors import ClipError
from mmavf.faces import FacePart

from .frames import RawFrames
from .raw_clip import RawClip


class Span(NamedTuple):
    """A stretch of a raw clip that becomes a clip of its own.

    Attributes:
        id: Id of that clip.
        start_sec: Start in seconds from the start of the raw clip.
        end_sec: Its end.
        frames: Number of its frames; 0 of sound alone.
    """

    id: str
    start_sec: float
    end_sec: float
    frames: int = 0


class Piece(NamedTuple):
    """A run of frames that becomes a face clip.

    Attributes:
        id: Its id.
        first: Index of its first frame.
        places: (n, 4) places of the face in its n > 0 frames.
        times_sec: (n,) their times.
        interval_sec: Duration of its last frame.
    """

    id: str
    first: int
    places: np.ndarray
    times_sec: np.ndarray
    interval_sec: float

    @property
    def span(self) -> Span:
        """When it is seen."""
        end_sec = float(self.times_sec[-1]) + self.interval_sec
        return Span(self.id, float(self.times_sec[0]), end_sec, len(self.times_sec))


def cut(clip_id: str, parts: Sequence[FacePart], times_sec: np.ndarray, longest_sec: float, whole: bool) -> list[Piece]:
    """Divide the parts of a raw clip into face clips.

    Args:
        clip_id: Id of the raw clip.
        parts: Its parts with a face, in order.
        times_sec: (N,) times of its frames.
        longest_sec: Longer parts are cut into pieces of equal length.
        whole: Use only the longest part, uncut, with the id of the raw clip; otherwise all, numbered.
    """
    interval_sec = usual_interval_sec(times_sec)
    ends_sec = np.append(times_sec[1:], times_sec[-1] + interval_sec)

    def piece(name: str, part: FacePart, first: int, last: int) -> Piece:
        """Return the frames `first` to `last` of a part, the last excluded."""
        times = times_sec[part.first + first : part.first + last]  # (n,)
        return Piece(name, part.first + first, part.places[first:last], times, interval_sec)

    lengths_sec = [ends_sec[part.last] - times_sec[part.first] for part in parts]
    if whole:
        part = parts[int(np.argmax(lengths_sec))]
        return [piece(clip_id, part, 0, len(part.places))]
    pieces: list[Piece] = []
    for part, length_sec in zip(parts, lengths_sec, strict=True):
        times = times_sec[part.first : part.last + 1]  # (n,)
        number = max(1, ceil(length_sec / longest_sec - 1e-6))  # stamps are rounded
        starts = np.searchsorted(times, times[0] + np.arange(number) * length_sec / number - interval_sec / 2)
        # a frame may last longer than a piece: no piece is empty
        for first, last in pairwise(np.unique([*starts, len(times)]).tolist()):
            pieces.append(piece(f'{clip_id}_{len(pieces):03d}', part, first, last))
    return pieces


def spans_of_sound(raw: Path, clip: RawClip, longest_sec: float, whole: bool) -> list[Span]:
    """Divide a clip that is sound alone; what lies behind the end of its file is not part of it.

    Args:
        raw: The set's raw folder.
        clip: The clip.
        longest_sec: A longer clip is cut into pieces of equal length.
        whole: Keep it uncut, with its own id; otherwise pieces are numbered.

    Raises:
        ClipError: The file has no sound, or none after the start of the clip.
    """
    path = f'{raw / (clip.audio or "")}'
    sound = open_sound(path, clip.start_sec, clip.end_sec)
    if sound is None:
        raise ClipError(f'{path}: the file has no sound stream')
    length_sec = min(sound.duration_sec, clip.end_sec or inf) - clip.start_sec
    if length_sec <= 0:
        raise ClipError(f'{path}: no sound after {clip.start_sec:g} s')
    if whole:
        return [Span(clip.id, 0.0, length_sec)]
    number = max(1, ceil(length_sec / longest_sec))
    edges = [length_sec * place / number for place in range(number + 1)]
    return [Span(f'{clip.id}_{place:03d}', *edge) for place, edge in enumerate(pairwise(edges))]


def whole_picture(frames: RawFrames) -> FacePart:
    """Return all frames as one part with the largest square in their middle."""
    (width, height), count = frames.size, len(frames.frame_times)
    places = np.tile([width / 2, height / 2, min(width, height), 0.0], (count, 1))  # (N, 4)
    return FacePart(0, count - 1, places, sightings=0)
