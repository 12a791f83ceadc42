"""Hair: the part behind the head and the part over the forehead."""

import numpy as np

from .canvas import HeadPose, bezier, ellipse, fill, mix, stroke
from .subjects import Subject

SKULL = bezier((0.0, -1.28), (0.62, -1.28), (1.0, -0.86), (1.0, -0.2))  # from the top to the right temple
# Hairline per style: control points of a curve from the left temple to the right one, in face coordinates.
_HAIRLINES = {
    'short': ((-0.97, -0.30), (-0.85, -1.02), (0.85, -1.02), (0.97, -0.30)),
    'fringe': ((-1.00, -0.20), (-0.80, -0.72), (0.70, -0.82), (1.00, -0.20)),
    'curly': ((-0.99, -0.22), (-0.80, -0.95), (0.80, -0.95), (0.99, -0.22)),
    'cropped': ((-0.95, -0.52), (-0.75, -1.15), (0.75, -1.15), (0.95, -0.52)),
    'long': ((-1.02, 0.10), (-0.72, -1.20), (0.72, -1.20), (1.02, 0.10)),
    'parted': ((-1.02, 0.05), (-0.95, -1.30), (-0.20, -1.15), (1.02, -0.25)),
}
# How far the hair stands off the skull.
_VOLUME = {'short': 1.06, 'fringe': 1.08, 'curly': 1.14, 'cropped': 1.015, 'long': 1.10, 'parted': 1.08}


def draw_hair_back(image: np.ndarray, pose: HeadPose, subject: Subject) -> None:
    """Draw what is seen of the hair behind head and neck, on an RGB uint8 canvas in place."""
    if subject.hair_style in ('long', 'parted'):
        length = 1.55 if subject.hair_style == 'long' else 1.05
        side = np.concatenate(
            [
                bezier((0.0, -1.40), (0.95, -1.40), (1.24, -0.7), (1.20, 0.1)),
                bezier((1.20, 0.1), (1.18, 0.6), (1.30, length - 0.3), (1.02, length)),
            ]
        )
        outline = np.concatenate([side, side[::-1] * (-1.0, 1.0)])
        fill(image, pose.project(outline, depth=-0.4), mix(subject.hair, (0, 0, 0), 0.3))


def draw_hair_front(image: np.ndarray, pose: HeadPose, subject: Subject) -> None:
    """Draw the hair from the crown down to the hairline, with a sheen, on an RGB uint8 canvas in place."""
    style = subject.hair_style
    hairline = bezier(*_HAIRLINES[style])
    # The outline of the skull does not turn with the head, the hairline does.
    outside, inside = pose.project(_crown(_VOLUME[style]), depth=0.0), pose.project(hairline, depth=0.55)
    inside[[0, -1]] = outside[[0, -1]]
    fill(image, np.concatenate([outside, inside[::-1]]), subject.hair)
    if style == 'curly':
        for point in outside[1:-1:2]:
            fill(image, ellipse(tuple(point), (0.17 * pose.scale, 0.17 * pose.scale), 14), subject.hair)
    sheen = mix(subject.hair, (255, 255, 255), 0.16)
    middle = 0.45 * outside[::2] + 0.55 * inside
    for share in (0.85, 1.0):
        line = pose.center + share * (middle[3:10] - pose.center)
        stroke(image, line, sheen, 0.035 * pose.scale)


def _crown(volume: float) -> np.ndarray:
    """The upper outline of head and hair from the left temple over the top to the right one, (25, 2)."""
    right = volume * SKULL
    return np.concatenate([right[:0:-1] * (-1.0, 1.0), right])
