"""The face detector on OpenCV's bundled cascades."""

import cv2
import numpy as np

from mmavf.registry import FACE_DETECTORS

from .detector import Face, Point, shrink

# Eyes lie in this part of a face box, from its upper edge, and are about this share of it wide.
EYE_ROWS, EYE_SHARES = (0.2, 0.6), (0.15, 0.35)
MAX_TILT_DEG = 30.0


@FACE_DETECTORS.register_module()
class CascadeDetector:
    """Upright frontal faces by OpenCV's cascade of boosted classifiers (Viola and Jones, 2001; `frontalface_alt2`).

    It needs no download. Faces turned by more than about 30 degrees, or tilted by more than 20, are missed.

    Args:
        eyes: Whether to detect the eyes by OpenCV's eye cascade, which finds them in most frames, not in all.
        long_edge: Pictures are shrunk to this many pixels.
        min_share: Smallest face, as a share of the picture's shorter edge.
        scale_factor: Ratio of one searched face size to the next.
        min_neighbors: Overlapping hits needed for a face.
    """

    tight = True

    def __init__(
        self,
        eyes: bool = False,
        long_edge: int = 320,
        min_share: float = 0.12,
        scale_factor: float = 1.2,
        min_neighbors: int = 3,
    ) -> None:
        self._faces = _cascade('frontalface_alt2')
        self._eyes = _cascade('eye') if eyes else None
        self._long_edge, self._min_share = long_edge, min_share
        self._scale_factor, self._min_neighbors = scale_factor, min_neighbors

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the faces; the score is the weight of the last stage. See `FaceDetector`."""
        grey, factor = shrink(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), self._long_edge)
        smallest = round(self._min_share * min(grey.shape))
        boxes, _, weights = self._faces.detectMultiScale3(
            grey, self._scale_factor, self._min_neighbors, minSize=(smallest, smallest), outputRejectLevels=True
        )
        return [
            Face((x * factor, y * factor, w * factor, h * factor), weight, self._find_eyes(grey, (x, y, w, h), factor))
            for (x, y, w, h), weight in zip(
                np.reshape(boxes, (-1, 4)).tolist(), np.ravel(weights).tolist(), strict=True
            )
        ]

    def _find_eyes(self, grey: np.ndarray, box: tuple[int, int, int, int], factor: float) -> tuple[Point, Point] | None:
        """Return the most certain eye of each half of the face, in pixels of the frame."""
        if self._eyes is None:
            return None
        x, y, width, height = box
        top, bottom = (y + round(share * height) for share in EYE_ROWS)
        smallest, largest = (round(share * width) for share in EYE_SHARES)
        eyes = []
        for left, right in ((x, x + width // 2), (x + width // 2, x + width)):
            found, _, weights = self._eyes.detectMultiScale3(
                grey[top:bottom, left:right],
                1.1,
                3,
                minSize=(smallest, smallest),
                maxSize=(largest, largest),
                outputRejectLevels=True,
            )
            if len(found) == 0:
                return None
            ex, ey, ew, eh = (float(v) for v in found[int(np.argmax(weights))])
            eyes.append(((left + ex + ew / 2) * factor, (top + ey + eh / 2) * factor))
        (x1, y1), (x2, y2) = eyes
        return ((x1, y1), (x2, y2)) if abs(np.degrees(np.arctan2(y2 - y1, x2 - x1))) <= MAX_TILT_DEG else None


def _cascade(name: str) -> cv2.CascadeClassifier:
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]  # which OpenCV's own types lack
    return cv2.CascadeClassifier(f'{folder}haarcascade_{name}.xml')
