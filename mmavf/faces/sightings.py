"""Detection in every n-th frame of a clip."""

from typing import NamedTuple

import cv2
import numpy as np

from mmavf.datasets.media import FrameReader

from .detector import Face, FaceDetector

THUMBNAIL = 32  # pixels an edge, for the comparison of one sampled frame with the next
CUT_LEVELS = 40.0  # mean difference of their grey levels (0 to 255) from which on they belong to different shots


class Sightings(NamedTuple):
    """The faces in the sampled frames of a clip.

    Attributes:
        frames: (m,) int64, indices of the sampled frames, ascending.
        times_sec: (m,) float64, their times.
        faces: The faces in each of them.
        cuts: Which of the m are the first of a new shot.
        frame_size: Width and height of the picture in pixels.
    """

    frames: np.ndarray
    times_sec: np.ndarray
    faces: list[list[Face]]
    cuts: set[int]
    frame_size: tuple[int, int]


def find_faces(reader: FrameReader, detector: FaceDetector, every: int, clip_id: str) -> Sightings:
    """Detect faces in every n-th frame and the last; frames are read once, in order, and not kept.

    Args:
        reader: The frames.
        detector: The detector.
        every: Distance of the sampled frames.
        clip_id: Id of the clip, for detectors that read files.

    Raises:
        ClipError: A frame cannot be decoded.
    """
    count = len(reader.frame_times)
    sampled = sorted({*range(0, count, every), count - 1})
    seen: list[list[Face]] = []
    cuts: set[int] = set()
    size, before = (0, 0), None
    for i, (index, frame) in enumerate(zip(sampled, reader.iter_frames(sampled), strict=True)):
        seen.append(detector.detect(frame, clip_id, index))
        thumbnail = _thumbnail(frame)
        if before is not None and np.abs(thumbnail - before).mean() > CUT_LEVELS:
            cuts.add(i)
        size, before = (frame.shape[1], frame.shape[0]), thumbnail
    return Sightings(np.array(sampled), reader.frame_times[sampled], seen, cuts, size)


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    """Return a small grey picture, (32, 32) float32."""
    small = cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
