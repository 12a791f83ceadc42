"""Sub-pixel drawing with OpenCV, smooth curves, and the head pose that carries face points to pixels."""

import math
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from .subjects import Color

_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
_MARGIN = 2  # pixels around a polygon that its smoothed edge may reach
_INVERSE_RADII = 1.0 / np.array([1.25, 1.7])  # of the ellipsoid that the face lies on
_BOTH = np.ones((2, 1))
_STEPS = np.linspace(0.0, 1.0, 13)
_BERNSTEIN = np.stack(
    [(1 - _STEPS) ** 3, 3 * _STEPS * (1 - _STEPS) ** 2, 3 * _STEPS**2 * (1 - _STEPS), _STEPS**3], axis=1
)  # (13, 4)


def bezier(*controls: tuple[float, float]) -> np.ndarray:
    """Return 13 points (13, 2) on the cubic curve of four control points."""
    return _BERNSTEIN @ np.array(controls)


def ellipse(center: tuple[float, float], radii: tuple[float, float], count: int = 24) -> np.ndarray:
    """Return `count` points (count, 2) on an upright ellipse."""
    return np.array(center) + np.array(radii) * _circle(count)


@cache
def _circle(count: int) -> np.ndarray:
    angles = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def mix(first: Color, second: Color, share: float) -> Color:
    """Return the colour that is `share` (in [0, 1]) of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def fill(image: np.ndarray, points: np.ndarray, color: Color | int) -> None:
    """Fill the polygon `points` (N, 2), in pixels, on `image` (H, W[, 3]) in place."""
    cv2.fillPoly(image, [_fixed(points)], color, cv2.LINE_AA, _SHIFT)


def stroke(image: np.ndarray, points: np.ndarray, color: Color | int, width: float) -> None:
    """Draw the open line `points` (N, 2), in pixels, on `image` (H, W[, 3]) in place."""
    cv2.polylines(image, [_fixed(points)], False, color, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)


def fill_inside(image: np.ndarray, outline: np.ndarray, paint: Callable[[np.ndarray, np.ndarray], None]) -> None:
    """Paint what lies inside the polygon `outline` (N, 2), in pixels, on `image` (H, W, 3) in place.

    Args:
        image: The picture.
        outline: The polygon.
        paint: Called with a part of the picture around the polygon, and the place of its upper left corner (x, y).
    """
    limits = image.shape[1::-1]
    left, top = np.clip(np.floor(outline.min(axis=0)).astype(int) - _MARGIN, 0, limits)
    right, bottom = np.clip(np.ceil(outline.max(axis=0)).astype(int) + _MARGIN, 0, limits)
    part = image[top:bottom, left:right]
    if not part.size:
        return
    corner = np.array([left, top])
    mask = np.zeros(part.shape[:2], np.uint8)
    fill(mask, outline - corner, 255)
    painted = part.copy()
    paint(painted, corner)
    cv2.copyTo(painted, mask, part)


class HeadPose:
    """Where the head is in the picture.

    Args:
        yaw: Turn to the side in radians.
        pitch: Turn up or down in radians.
        roll: Tilt in the picture's plane in radians.
        center: Centre of the head (x, y) in pixels.
        scale: Half the width of the face in pixels.
    """

    def __init__(self, yaw: float, pitch: float, roll: float, center: tuple[float, float], scale: float) -> None:
        self.center = center
        self.scale = scale
        cos, sin = math.cos(roll), math.sin(roll)
        tilt = scale * np.array([[cos, sin], [-sin, cos]])
        self._flat = np.array([[math.cos(yaw)], [math.cos(pitch)]]) * tilt  # what points and heights add in pixels
        self._deep = np.array([[math.sin(yaw), math.sin(pitch)]]) @ tilt

    def project(self, points: np.ndarray, depth: float = 0.75) -> np.ndarray:
        """Carry points (N, 2) of the frontal face to pixels (N, 2).

        The points lie on an ellipsoid of this depth in face half-widths; 0 is the plane of the outline.
        """
        flat = points @ self._flat + self.center
        if not depth:
            return flat
        squares = (points * _INVERSE_RADII) ** 2 @ _BOTH
        return flat + depth * np.sqrt(np.maximum(0.0, 1.0 - squares)) @ self._deep
