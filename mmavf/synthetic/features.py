"""Moving parts of the face: brows, eyes, nose, mouth, wrinkles.

Every function draws on an RGB uint8 canvas in place. `act` holds the movements of one frame, as `Performance.motion`
names them. Face coordinates as in `face.py`.
"""

import numpy as np

from .canvas import HeadPose, bezier, ellipse, fill, fill_inside, mix, stroke
from .subjects import Subject

_EYE_Y = -0.12
_MOUTH_Y = 0.70
_SIDES = (-1.0, 1.0)


def mouth_curves(subject: Subject, act: dict[str, float]) -> dict[str, np.ndarray]:
    """Return the four lip lines from left to right corner, (13, 2) each: `outer_top`, `inner_top`, and below them."""
    wide = subject.mouth_width * (1.0 + 0.28 * act['stretch'] - 0.22 * act['rounding'])
    lip = subject.lip_width * (1.0 - 0.25 * act['stretch'] + 0.15 * act['rounding'])
    corner_y = _MOUTH_Y - act['corners']
    # Control heights of a cubic carry 3/4 to the curve's middle: corners that rise let the middle sink a little.
    middle = _MOUTH_Y + 0.35 * act['corners']
    top = middle - (0.06 * act['lip_raise'] + 0.05 * act['opening'])
    bottom = middle + 0.42 * act['opening'] + 0.02 * act['lip_raise']
    inner = 0.93 * wide

    def line(half_width: float, height: float, spread: float) -> np.ndarray:
        """Return an edge of a lip from corner to corner."""
        reach = spread * half_width
        return bezier((-half_width, corner_y), (-reach, height), (reach, height), (half_width, corner_y))

    curves = {
        'outer_top': line(wide, top - 1.35 * lip, 0.35),
        'inner_top': line(inner, top, 0.45),
        'inner_bottom': line(inner, bottom + 0.012, 0.45),
        'outer_bottom': line(wide, bottom + 1.6 * lip, 0.5),
    }
    curves['outer_top'][6, 1] += 0.25 * lip  # the dip in the middle of the upper lip
    return curves


def draw_mouth(image: np.ndarray, pose: HeadPose, subject: Subject, act: dict[str, float]) -> None:
    """Draw lips, teeth and tongue."""
    curves = {name: pose.project(line) for name, line in mouth_curves(subject, act).items()}
    lips = mix(subject.skin, (150, 32, 48), 0.5)
    upper = mix(lips, (60, 0, 10), 0.25)
    fill(image, np.concatenate([curves['outer_top'], curves['outer_bottom'][::-1]]), lips)
    fill(image, np.concatenate([curves['outer_top'], curves['inner_top'][::-1]]), upper)
    hole = np.concatenate([curves['inner_top'], curves['inner_bottom'][::-1]])
    gap = curves['inner_bottom'][:, 1].max() - curves['inner_top'][:, 1].min()

    def open_mouth(part: np.ndarray, corner: np.ndarray) -> None:
        """Draw what is seen between the lips."""
        fill(part, hole - corner, (52, 16, 20))
        top, bottom = curves['inner_top'] - corner, curves['inner_bottom'] - corner
        tongue = bottom[3:10] - (0.0, 0.35 * gap)
        fill(part, np.concatenate([tongue, bottom[9:2:-1] + (0.0, gap)]), (168, 70, 76))
        teeth = top + (0.0, min(0.10 * pose.scale, 0.45 * gap))
        fill(part, np.concatenate([top - (0.0, gap), teeth[::-1]]), (236, 230, 218))

    fill_inside(image, hole, open_mouth)
    stroke(image, curves['inner_top'], mix(upper, (40, 0, 10), 0.5), 0.02 * pose.scale)
    below = curves['outer_bottom'][3:10] + (0.0, 0.07 * pose.scale)
    stroke(image, below, mix(subject.skin, (60, 25, 20), 0.35), 0.03 * pose.scale)


def draw_eyes(image: np.ndarray, pose: HeadPose, subject: Subject, act: dict[str, float]) -> None:
    """Draw eyeballs, lids and lashes."""
    half = subject.eye_size
    open_share = 1.0 - act['blink']
    upper = (0.15 + 0.075 * act['lid_raise'] - 0.06 * act['squint']) * open_share - 0.05 * act['blink']
    lower = 0.085 - 0.05 * act['squint'] - 0.02 * act['blink']
    lids = []
    for side in _SIDES:
        x = side * subject.eye_gap
        left, right = (x - half, _EYE_Y + 0.02), (x + half, _EYE_Y + 0.02)
        top = bezier(left, (x - 0.6 * half, _EYE_Y - 1.3 * upper), (x + 0.6 * half, _EYE_Y - 1.3 * upper), right)
        bottom = bezier(left, (x - 0.6 * half, _EYE_Y + 1.3 * lower), (x + 0.6 * half, _EYE_Y + 1.3 * lower), right)
        top, bottom = pose.project(top), pose.project(bottom)
        lids.append((top, bottom))
        iris = (x + 0.35 * half * act['gaze_x'], _EYE_Y - 0.02 + 0.1 * act['gaze_y'])
        gap = np.concatenate([top, bottom[::-1]])
        fill_inside(image, gap, _Eyeball(pose, subject, gap, iris))
    crease = mix(subject.skin, (60, 25, 20), 0.45)
    for top, bottom in lids:
        stroke(image, bottom, crease, 0.02 * pose.scale)
        stroke(image, top - (0.0, (0.05 + 0.03 * act['blink']) * pose.scale), crease, 0.02 * pose.scale)
        stroke(image, top, (30, 20, 18), 0.045 * pose.scale)
    if subject.glasses:
        _draw_glasses(image, pose, subject)


class _Eyeball:
    """Paints what is seen of an eyeball between its lids (`gap`, in pixels), with its iris at a place of the face."""

    def __init__(self, pose: HeadPose, subject: Subject, gap: np.ndarray, iris: tuple[float, float]) -> None:
        self._pose = pose
        self._gap = gap
        self._iris = iris
        self._eyes = subject.eyes

    def __call__(self, part: np.ndarray, corner: np.ndarray) -> None:
        """Paint it on a part of the picture."""
        fill(part, self._gap - corner, (238, 236, 232))
        for radius, color in ((0.105, mix(self._eyes, (0, 0, 0), 0.35)), (0.085, self._eyes), (0.045, (12, 10, 10))):
            circle = ellipse(self._iris, (radius, radius), 12 if radius < 0.05 else 24)
            fill(part, self._pose.project(circle) - corner, color)
        glint = ellipse((self._iris[0] + 0.03, self._iris[1] - 0.04), (0.022, 0.022), 8)
        fill(part, self._pose.project(glint) - corner, (255, 255, 255))


def _draw_glasses(image: np.ndarray, pose: HeadPose, subject: Subject) -> None:
    frame, width = (36, 32, 34), 0.05 * pose.scale
    for side in _SIDES:
        ring = ellipse((side * (subject.eye_gap + 0.02), -0.08), (0.32, 0.27))
        stroke(image, pose.project(np.concatenate([ring, ring[:1]]), depth=0.95), frame, width)
        bow = np.array([(side * (subject.eye_gap + 0.34), -0.12), (side * 1.0, -0.16)])
        stroke(image, pose.project(bow, depth=0.6), frame, width)
    bridge = bezier((-0.12, -0.12), (-0.05, -0.18), (0.05, -0.18), (0.12, -0.12))
    stroke(image, pose.project(bridge, depth=0.95), frame, width)


def draw_brows(image: np.ndarray, pose: HeadPose, subject: Subject, act: dict[str, float]) -> None:
    """Draw both brows as tapered arcs."""
    color = mix(subject.hair, (40, 25, 20), 0.4)
    thick = subject.brow_width
    for side in _SIDES:
        gap = subject.eye_gap
        inner = (side * (gap - 0.21 + 0.3 * min(act['brow_inner'], 0.0)), -0.40 - act['brow_inner'])
        outer = (side * (gap + 0.30), -0.38 - act['brow_outer'])
        first = (side * (gap - 0.06), -0.50 - 0.8 * act['brow_inner'])
        second = (side * (gap + 0.16), -0.54 - act['brow_outer'])
        above = bezier(inner, first, second, outer)
        below = above + np.stack([np.zeros(13), thick * np.linspace(1.0, 0.15, 13)], axis=1)
        fill(image, pose.project(np.concatenate([above, below[::-1]])), color)


def draw_nose(image: np.ndarray, pose: HeadPose, subject: Subject, act: dict[str, float]) -> None:
    """Draw the nose: the shadow of one side, the wings, the nostrils and a highlight."""
    tip = subject.nose_length - 0.03 * act['lip_raise']
    dark = mix(subject.skin, (70, 30, 22), 0.32)
    side = -1.0 if subject.light[0] > 0 else 1.0
    flank = np.concatenate(
        [
            bezier((side * 0.06, -0.2), (side * 0.06, 0.05), (side * 0.10, tip - 0.12), (side * 0.17, tip)),
            bezier((side * 0.17, tip), (side * 0.12, tip + 0.07), (side * 0.04, tip + 0.06), (0.0, tip + 0.05)),
            bezier((0.0, tip + 0.05), (side * 0.06, tip), (side * 0.02, 0.1), (side * 0.02, -0.2)),
        ]
    )
    fill(image, pose.project(flank, depth=1.05), dark)
    for wing in _SIDES:
        curve = bezier(
            (wing * 0.15, tip - 0.08), (wing * 0.22, tip), (wing * 0.17, tip + 0.07), (wing * 0.1, tip + 0.05)
        )
        stroke(image, pose.project(curve, depth=1.0), mix(subject.skin, (60, 25, 20), 0.5), 0.03 * pose.scale)
        hole = ellipse((wing * 0.08, tip + 0.045), (0.045, 0.025), 10)
        fill(image, pose.project(hole, depth=1.05), mix(subject.skin, (40, 10, 10), 0.75))
    shine = ellipse((-side * 0.03, tip - 0.06), (0.035, 0.05), 10)
    fill(image, pose.project(shine, depth=1.15), mix(subject.skin, (255, 255, 255), 0.22))


def draw_wrinkles(image: np.ndarray, pose: HeadPose, subject: Subject, act: dict[str, float]) -> None:
    """Draw the folds that come with an expression: between the brows, on the forehead, beside the mouth."""

    def fold(line: np.ndarray, strength: float) -> None:
        """Draw one fold, unless it is too weak to be seen."""
        if strength > 0.05:
            color = mix(subject.skin, (60, 25, 20), 0.2 + 0.3 * min(strength, 1.0))
            stroke(image, pose.project(line), color, 0.025 * pose.scale)

    frown, worry = -6.0 * (act['brow_inner'] + 0.05), 5.0 * (act['brow_inner'] - 0.04)
    for side in _SIDES:
        fold(bezier((side * 0.09, -0.46), (side * 0.06, -0.40), (side * 0.06, -0.34), (side * 0.08, -0.28)), frown)
        cheek = max(act['lip_raise'], 4.0 * act['corners'])
        fold(bezier((side * 0.24, 0.32), (side * 0.40, 0.42), (side * 0.50, 0.56), (side * 0.52, 0.72)), cheek)
    for height in (-0.72, -0.84):
        fold(bezier((-0.35, height), (-0.15, height - 0.05), (0.15, height - 0.05), (0.35, height)), worry)
