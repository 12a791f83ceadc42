"""The faces of a recording, each over the time for which it is seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmavf.datasets.media import FrameReader
from mmavf.datasets.media.frame_times import usual_interval_sec
from mmavf.faces.choice import choose_tracks
from mmavf.faces.cropper import FaceCropper
from mmavf.timeline import Track

Choice = Literal['all', 'largest', 'central']


@dataclass(frozen=True)
class Followed:
    """A face over time, or the whole picture where that is a face clip already.

    Attributes:
        number: From 1, in order of appearance.
        times_sec: (n,) times of its frames.
        first: Index of its first frame in the recording.
        places: (n, 4), see `FacePart.places`.
        crop: Returns what the model sees of a frame, given the frame and its row of `places`.
    """

    number: int
    times_sec: np.ndarray
    first: int
    places: np.ndarray
    crop: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def track(self, every: int) -> Track:
        """Return its description in a timeline, with its place at every n-th frame and the last."""
        noted = sorted({*range(0, len(self.times_sec), every), len(self.times_sec) - 1})
        return Track(
            self.number,
            float(self.times_sec[0]),
            float(self.times_sec[-1] + usual_interval_sec(self.times_sec)),
            tuple(self.times_sec[noted].tolist()),
            tuple((x, y, side, angle) for x, y, side, angle in self.places[noted].tolist()),
        )


def follow_faces(frames: FrameReader, name: str, cropper: FaceCropper | None, choose: Choice = 'all') -> list[Followed]:
    """Return the faces of a recording, by the time at which they appear.

    Args:
        frames: The video; it is decoded once.
        name: Name of the recording, for detectors that read files.
        cropper: What follows faces; None: the whole picture counts as one face.
        choose: All faces, or one at each time (see `choose_tracks`).

    Raises:
        ClipError: A frame cannot be decoded.
    """
    if cropper is None:
        return [_whole_picture(frames)]
    located = cropper.locate(frames, name)
    tracks = located.tracks
    if choose != 'all':
        tracks = choose_tracks(tracks, choose, located.sightings.frame_size)
    parts = sorted(cropper.parts(located, tracks), key=lambda part: part.first)
    times = frames.frame_times
    return [
        Followed(number, times[part.first : part.last + 1], part.first, part.places, cropper.crop)
        for number, part in enumerate(parts, start=1)
    ]


def _whole_picture(frames: FrameReader) -> Followed:
    height, width = next(iter(frames.iter_frames([0]))).shape[:2]
    places = np.tile([width / 2, height / 2, min(width, height), 0.0], (len(frames.frame_times), 1))
    return Followed(1, frames.frame_times, 0, places, lambda frame, place: frame)
