"""Face detectors: their contract, and the one that detects nothing."""

from typing import NamedTuple, Protocol

import cv2
import numpy as np

from mmavf.errors import ConfigError
from mmavf.registry import FACE_DETECTORS

Point = tuple[float, float]


class Face(NamedTuple):
    """A face in a frame; coordinates are pixels from the upper left corner of the picture.

    Attributes:
        box: x and y of the upper left corner, width, height.
        score: Confidence of the detector, on its own scale.
        eyes: (x, y) of the eye on the left of the picture and of the one on its right; None if unknown.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: tuple[Point, Point] | None = None


class FaceDetector(Protocol):
    """Finds the faces of a frame; registered in `FACE_DETECTORS`, built in each process that uses it.

    Its class takes the argument `eyes`: whether the positions of the eyes are needed.
    """

    @property
    def tight(self) -> bool:
        """Whether boxes enclose a face closely, so that a margin is added to them."""

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the faces of a frame.

        Args:
            frame: (H, W, 3) uint8 RGB.
            clip_id: Id of the clip.
            frame_index: Number of the frame in the clip, from 0.

        Raises:
            ClipError: The faces of this clip cannot be known.
        """


@FACE_DETECTORS.register_module()
class NoDetector:
    """Returns the largest square in the middle of the picture, for videos that show a face and little else.

    Raises:
        ConfigError: Eyes are needed.
    """

    tight = False

    def __init__(self, eyes: bool = False) -> None:
        if eyes:
            raise ConfigError('NoDetector finds no eyes to align crops by: choose another detector')

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the square as if it were a face; see `FaceDetector`."""
        height, width = frame.shape[:2]
        side = min(height, width)
        return [Face(((width - side) / 2, (height - side) / 2, side, side), 1.0)]


def shrink(frame: np.ndarray, long_edge: int) -> tuple[np.ndarray, float]:
    """Return the picture with its longer edge at most `long_edge` pixels, and the factor by which it was shrunk."""
    factor = max(1.0, max(frame.shape[:2]) / long_edge)
    if factor > 1:
        frame = cv2.resize(frame, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return frame, factor
