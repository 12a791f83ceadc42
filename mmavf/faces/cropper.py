"""Finding, following and cropping of a clip's face."""

import math
from itertools import compress
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from mmavf.datasets.media.frame_times import STAMP_SEC, usual_interval_sec
from mmavf.errors import ClipError, ConfigError
from mmavf.registry import FACE_DETECTORS

from .clip_frames import ClipFrames
from .detector import Face
from .face_path import face_path
from .face_track import FaceTrack, choose_tracks, link_faces, most_at_once

THUMBNAIL = 32  # pixels an edge, for the comparison of one look with the next
CUT_LEVELS = 40.0  # mean difference of their grey levels (0 to 255) from which on they are of different shots
CHANCE_LOOKS = 4  # with as many looks or more, a face seen once is taken for a false alarm


class FacePart(NamedTuple):
    """An unbroken run of frames that show the face.

    Attributes:
        first: Index of its first frame.
        last: Index of its last frame, itself included.
        places: (n, 4) float64 for its n frames: centre x, centre y, side (pixels), angle (degrees by which the crop is
            turned to level the eyes; positive where their line falls to the right).
    """

    first: int
    last: int
    places: np.ndarray


class Located(NamedTuple):
    """Where a clip's face is.

    Attributes:
        parts: Runs of frames that show it, by time; at least one.
        faces_seen: Largest number of faces at the same time.
        missing: Share of the frames looked at in which the face followed was not found.
        jumps: How often it changes its place or is gone for longer: number of parts less one.
    """

    parts: list[FacePart]
    faces_seen: int
    missing: float
    jumps: int


class FaceCropper:
    """Follows one face through a clip and crops it, square and steady.

    Every n-th frame and the last are looked at. Sightings that overlap are linked to tracks; a track ends at a shot
    change, where its face jumps, and where the face is gone for longer than `max_gap_sec`. Where several faces are seen
    at the same time one is followed; who speaks is not considered. Each track kept is a part of the clip, and frames
    between two parts belong to neither. A part reaches to the ends of its shot where the face was not found there for
    at most `max_gap_sec`.

    Args:
        detector: Configuration of a face detector.
        every: Distance of the frames looked at.
        margin: What is added to a face box's larger edge, as a share of it; boxes of `NoDetector` get none.
        size: Height and width of crops in pixels.
        align_eyes: Whether crops are turned so that the eyes are level.
        choose: Which of several faces is followed: the 'largest' one, or the most 'central'.
        max_missing: A clip is refused when a larger share of the frames looked at is without the face, in [0, 1).
        min_sec: Shorter parts do not count, unless the clip itself is shorter.
        max_gap_sec: Longest time for which the face may be lost within a part.
        smooth_sec: Standard deviation of the Gaussian that smooths the face's path over time.

    Raises:
        ConfigError: An argument is impossible, or the detector cannot be built.
    """

    def __init__(
        self,
        detector: dict[str, Any],
        every: int = 5,
        margin: float = 0.3,
        size: int = 160,
        align_eyes: bool = False,
        choose: Literal['largest', 'central'] = 'largest',
        max_missing: float = 0.5,
        min_sec: float = 0.0,
        max_gap_sec: float = 1.0,
        smooth_sec: float = 0.3,
    ) -> None:
        if choose not in ('largest', 'central'):
            raise ConfigError(f"FaceCropper: choose must be 'largest' or 'central', not {choose!r}")
        if every < 1 or size < 1 or not 0 <= max_missing < 1 or min(margin, min_sec, max_gap_sec, smooth_sec) < 0:
            raise ConfigError(
                f'FaceCropper: every and size must be at least 1, max_missing in [0, 1), the others not negative; got '
                f'{every=}, {size=}, {max_missing=}, {margin=}, {min_sec=}, {max_gap_sec=}, {smooth_sec=}'
            )
        self._detector = FACE_DETECTORS.build({**detector, 'eyes': align_eyes})
        self._every, self._size, self._choose = every, size, choose
        self._margin = margin if self._detector.tight else 0.0
        self._max_missing, self._min_sec = max_missing, min_sec
        self._max_gap_sec, self._smooth_sec = max_gap_sec, smooth_sec
        self._align_eyes = align_eyes

    def locate(self, frames: ClipFrames, clip_id: str) -> Located:
        """Find and follow the face.

        Args:
            frames: The frames; they are iterated once.
            clip_id: Id of the clip, for detectors that read files.

        Raises:
            ClipError: A frame cannot be decoded, or too many frames are without the face.
        """
        count = len(frames.times_sec)
        looked = np.array(sorted({*range(0, count, self._every), count - 1}))  # (m,)
        seen, cuts = self._look(frames, looked, clip_id)
        tracks = link_faces(seen, frames.times_sec[looked], cuts, self._max_gap_sec)
        tracks = [track for track in tracks if len(track.looks) > 1 or len(looked) < CHANCE_LOOKS]
        chosen = choose_tracks(tracks, self._choose, frames.size)
        shots = sorted({0, len(looked), *cuts})
        parts = [self._part(track, looked, frames.times_sec, shots, chosen) for track in chosen]
        long = [self._is_long(part, frames.times_sec) for part in parts]
        missing = 1 - sum(len(track.looks) for track in compress(chosen, long)) / len(looked)
        if missing > self._max_missing:
            note = '' if all(long) else f', not counting parts shorter than {self._min_sec:g} s'
            raise ClipError(f'{frames.path}: no face in {missing:.0%} of the frames looked at{note}')
        return Located(list(compress(parts, long)), most_at_once(tracks), missing, sum(long) - 1)

    def crop(self, frame: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Cut a square out of a frame.

        What lies beyond the picture's border repeats its outermost pixels: black would put an edge into the face clip
        that moves with the head.

        Args:
            frame: (H, W, 3) uint8.
            place: (4,), one row of `FacePart.places`.

        Returns:
            (size, size, 3) uint8.
        """
        x, y, side, angle = (float(v) for v in place)
        # first at the frame's own scale, then averaged down: a plain warp would skip pixels
        edge = max(self._size, round(side))
        scale, radians = side / edge, math.radians(angle)
        turn = scale * np.array([[math.cos(radians), -math.sin(radians)], [math.sin(radians), math.cos(radians)]])
        # pixel centres lie at whole numbers for OpenCV, at halves in our coordinates
        shift = np.array([x, y]) - 0.5 + turn @ np.full(2, 0.5 - edge / 2)
        to_frame = np.concatenate([turn, shift[:, None]], axis=1)  # (2, 3)
        crop = cv2.warpAffine(
            frame,
            to_frame,
            (edge, edge),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return crop if edge == self._size else cv2.resize(crop, (self._size,) * 2, interpolation=cv2.INTER_AREA)

    def _look(self, frames: ClipFrames, looked: np.ndarray, clip_id: str) -> tuple[list[list[Face]], set[int]]:
        """Return the faces at each look, and the looks that are the first of a new shot."""
        seen: list[list[Face]] = []
        cuts: set[int] = set()
        before = None
        for look, (index, frame) in enumerate(zip(looked, frames.pick(looked), strict=True)):
            seen.append(self._detector.detect(frame, clip_id, int(index)))
            thumbnail = _thumbnail(frame)
            if before is not None and np.abs(thumbnail - before).mean() > CUT_LEVELS:
                cuts.add(look)
            before = thumbnail
        return seen, cuts

    def _is_long(self, part: FacePart, times_sec: np.ndarray) -> bool:
        ends_sec = times_sec + usual_interval_sec(times_sec)
        least_sec = min(self._min_sec, ends_sec[-1] - times_sec[0])
        return ends_sec[part.last] - times_sec[part.first] >= least_sec - STAMP_SEC

    def _part(
        self,
        track: FaceTrack,
        looked: np.ndarray,
        times_sec: np.ndarray,
        shots: list[int],
        chosen: list[FaceTrack],
    ) -> FacePart:
        """Return the part of a track, extended to the ends of its shot where that is near and nobody else's."""
        look_times = times_sec[looked]
        begin = max(shot for shot in shots if shot <= track.first)
        end = min(shot for shot in shots if shot > track.last) - 1
        alone_before = not any(begin <= other.last < track.first for other in chosen)
        alone_after = not any(track.last < other.first <= end for other in chosen)
        near_before = look_times[track.first] - look_times[begin] <= self._max_gap_sec
        near_after = look_times[end] - look_times[track.last] <= self._max_gap_sec
        first = int(looked[begin if alone_before and near_before else track.first])
        last = int(looked[end if alone_after and near_after else track.last])
        places = face_path(track, look_times, times_sec[first : last + 1], self._margin, self._smooth_sec)
        if not self._align_eyes:
            places[:, 3] = 0
        return FacePart(first, last, places)


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    """Return a small grey picture, (32, 32) float32."""
    small = cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
