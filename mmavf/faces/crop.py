"""A square cut out of a frame."""

import math

import cv2
import numpy as np


def crop_square(frame: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    """Cut a turned square out of a frame and scale it.

    What lies beyond the picture's border repeats its outermost pixels: black would put an edge into the face clip that
    moves with the head.

    Args:
        frame: (H, W, 3) uint8.
        place: (4,) centre x, centre y and side in pixels, angle in degrees; one row of `FacePart.places`.
        size: Height and width of the result in pixels.

    Returns:
        (size, size, 3) uint8.
    """
    x, y, side, angle = (float(v) for v in place)
    # first at the frame's own scale, then averaged down: a plain warp would skip pixels
    edge = max(size, round(side))
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
    return crop if edge == size else cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
