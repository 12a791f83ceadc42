"""Locating, following and cropping of all faces of a clip."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mmavf.datasets.media import FrameReader
from mmavf.datasets.media.frame_times import STAMP_SEC, usual_interval_sec
from mmavf.errors import ConfigError
from mmavf.registry import FACE_DETECTORS
from mmavf.structures.contracts import check_contract

from .crop import crop_square
from .detector import FaceDetector
from .face_path import face_path
from .face_track import FaceTrack, link_faces
from .sightings import Sightings, find_faces

CHANCE_LOOKS = 4  # with this many sampled frames or more, a face seen in only one of them counts as a false alarm


class FacePart(NamedTuple):
    """An unbroken run of frames that show one face.

    Attributes:
        first: Index of its first frame.
        last: Index of its last frame, itself included.
        places: (n, 4) float64 for its n frames: centre x, centre y, side (pixels), angle (degrees by which the crop is
            turned to level the eyes; positive where their line falls to the right).
        sightings: In how many of the sampled frames the face was found.
    """

    first: int
    last: int
    places: np.ndarray
    sightings: int


class Located(NamedTuple):
    """The faces of a clip.

    Attributes:
        tracks: Every face over time, as far as it is seen without a break; one person may have several, and those of
            several people may run at the same time.
        sightings: What they were made of.
        times_sec: (N,) float64, times of all frames of the clip.
    """

    tracks: list[FaceTrack]
    sightings: Sightings
    times_sec: np.ndarray


class FaceCropper:
    """Follows the faces of a clip and crops them, square and steady.

    Faces are detected in every n-th frame and the last. Sightings that overlap are linked to tracks; a track ends at a
    shot change, where its face jumps, and where the face is gone for longer than `max_gap_sec`. A track gives a part
    of the clip, which reaches to the ends of its shot where the face was not found there for at most `max_gap_sec`, and
    no other one ended or began meanwhile: that may be the same face, which has jumped.

    Args:
        detector: Configuration of a face detector.
        every: Distance of the frames in which faces are detected.
        margin: Enlargement of a face box, as a share of its larger edge; boxes that are not tight get none.
        size: Height and width of crops in pixels.
        align_eyes: Whether crops are turned so that the eyes are level.
        min_sec: Shorter parts are left out, unless the clip itself is shorter.
        max_gap_sec: Longest time for which the face may be lost within a part.
        smooth_sec: Standard deviation of the Gaussian that smooths the face's path over time.

    Raises:
        ConfigError: An argument is impossible, or the detector cannot be built or lacks a member of its contract.
    """

    def __init__(
        self,
        detector: dict[str, Any],
        every: int = 5,
        margin: float = 0.3,
        size: int = 160,
        align_eyes: bool = False,
        min_sec: float = 0.0,
        max_gap_sec: float = 1.0,
        smooth_sec: float = 0.3,
    ) -> None:
        if every < 1 or size < 1 or min(margin, min_sec, max_gap_sec, smooth_sec) < 0:
            raise ConfigError(
                'FaceCropper: every and size must be at least 1, the others not negative; got '
                f'{every=}, {size=}, {margin=}, {min_sec=}, {max_gap_sec=}, {smooth_sec=}'
            )
        self._detector: FaceDetector = FACE_DETECTORS.build({**detector, 'eyes': align_eyes})
        check_contract(self._detector, FaceDetector, 'detector')
        self._margin = margin if self._detector.tight else 0.0
        self._every, self._size, self._align_eyes = every, size, align_eyes
        self._max_gap_sec, self._smooth_sec = max_gap_sec, smooth_sec
        self.min_sec = min_sec

    def locate(self, reader: FrameReader, clip_id: str) -> Located:
        """Find all faces and follow them.

        Args:
            reader: The frames; they are iterated once.
            clip_id: Id of the clip, for detectors that read files.

        Raises:
            ClipError: A frame cannot be decoded.
        """
        seen = find_faces(reader, self._detector, self._every, clip_id)
        tracks = link_faces(seen.faces, seen.times_sec, seen.cuts, self._max_gap_sec)
        tracks = [track for track in tracks if len(track.looks) > 1 or len(seen.frames) < CHANCE_LOOKS]
        return Located(tracks, seen, reader.frame_times)

    def parts(self, located: Located, tracks: Sequence[FaceTrack] | None = None) -> list[FacePart]:
        """Return the parts of the clip that show the faces of tracks, in their order, less those that are too short.

        Args:
            located: The faces of the clip.
            tracks: The selected tracks of it; frames between two of them belong to neither. None means all.
        """
        tracks = located.tracks if tracks is None else tracks
        parts = [self._part(track, tracks, located) for track in tracks]
        return [part for part in parts if self._is_long(part, located.times_sec)]

    def crop(self, frame: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Return the square (size, size, 3) uint8 at a row (4,) of `FacePart.places`; see `crop_square`."""
        return crop_square(frame, place, self._size)

    def _is_long(self, part: FacePart, times_sec: np.ndarray) -> bool:
        ends_sec = times_sec + usual_interval_sec(times_sec)
        least_sec = min(self.min_sec, ends_sec[-1] - times_sec[0])
        return ends_sec[part.last] - times_sec[part.first] >= least_sec - STAMP_SEC

    def _part(self, track: FaceTrack, tracks: Sequence[FaceTrack], located: Located) -> FacePart:
        """Return the part of a track, extended to the ends of its shot where these are near and no other track's."""
        seen = located.sightings
        shots = sorted({0, len(seen.frames), *seen.cuts})
        begin = max(shot for shot in shots if shot <= track.first)
        end = min(shot for shot in shots if shot > track.last) - 1
        alone_before = not any(begin <= other.last < track.first for other in tracks)
        alone_after = not any(track.last < other.first <= end for other in tracks)
        near_before = seen.times_sec[track.first] - seen.times_sec[begin] <= self._max_gap_sec
        near_after = seen.times_sec[end] - seen.times_sec[track.last] <= self._max_gap_sec
        first = int(seen.frames[begin if alone_before and near_before else track.first])
        last = int(seen.frames[end if alone_after and near_after else track.last])
        times_sec = located.times_sec[first : last + 1]  # (n,)
        places = face_path(track, seen.times_sec, times_sec, self._margin, self._smooth_sec)
        if not self._align_eyes:
            places[:, 3] = 0
        return FacePart(first, last, places, len(track.looks))
