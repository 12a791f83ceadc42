"""What finds faces in one frame."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import cv2
import numpy as np

from mmavf.errors import ConfigError
from mmavf.registry import FACE_DETECTORS

Point = tuple[float, float]


class Face(NamedTuple):
    """A face in a frame; coordinates are pixels from the upper left corner of the picture.

    Attributes:
        box: x and y of the upper left corner, width, height.
        score: How sure the detector is, on its own scale.
        eyes: (x, y) of the eye on the left of the picture and of the one on its right; None where they are not known.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: tuple[Point, Point] | None = None


class FaceDetector(ABC):
    """Finds the faces of a frame; built in each process that uses it.

    Args:
        eyes: Whether the positions of the eyes are wanted.

    Attributes:
        tight: Whether its boxes enclose a face closely, so that a margin is added to them.
    """

    tight: ClassVar[bool] = True

    def __init__(self, eyes: bool = False) -> None:
        self.eyes = eyes

    @abstractmethod
    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the faces of (H, W, 3) uint8 RGB `frame`, the clip's frame number `frame_index` from 0."""


@FACE_DETECTORS.register_module()
class NoDetector(FaceDetector):
    """Takes the largest square in the middle of the picture, for videos that show a face and little else.

    Raises:
        ConfigError: Eyes are wanted.
    """

    tight = False

    def __init__(self, eyes: bool = False) -> None:
        if eyes:
            raise ConfigError('NoDetector: it finds no eyes to align crops by: choose another detector')
        super().__init__()

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the square as if it were a face; see the base class."""
        height, width = frame.shape[:2]
        side = min(height, width)
        return [Face(((width - side) / 2, (height - side) / 2, side, side), 1.0)]


def shrink(frame: np.ndarray, long_edge: int) -> tuple[np.ndarray, float]:
    """Return the picture with its longer edge at most `long_edge` pixels, and the factor it was shrunk by."""
    factor = max(1.0, max(frame.shape[:2]) / long_edge)
    if factor > 1:
        frame = cv2.resize(frame, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return frame, factor
