"""Draws a talking face: one picture per video frame.

Face coordinates: x right, y down, the centre of the face at 0, unit: half the width of the face.
"""

import cv2
import numpy as np

from .canvas import HeadPose, bezier, ellipse, fill, fill_inside, mix, stroke
from .features import draw_brows, draw_eyes, draw_mouth, draw_nose, draw_wrinkles
from .hair import SKULL, draw_hair_back, draw_hair_front
from .subjects import Subject
from .timeline import Performance

OVERSAMPLING = 2
FACE_UNIT = 0.295  # half the width of a face as a share of the picture's width


class FacePainter:
    """Draws the frames of one performance.

    Args:
        performance: What to draw.
        size: Height and width of a frame in pixels.
        rng: Source of what differs from clip to clip but not from frame to frame: light and place of the room.
    """

    def __init__(self, performance: Performance, size: int, rng: np.random.Generator) -> None:
        self.subject = performance.subject
        self.motion = performance.motion
        self.size = size
        self.canvas = size * OVERSAMPLING
        self.room = _paint_room(self.subject, self.canvas, rng)
        self.skin = _paint_skin(self.subject, self.canvas)
        tint = rng.uniform(0.75, 1.05) * rng.uniform(0.97, 1.03, size=3)
        self.exposure = np.clip(np.arange(256)[:, None] * tint, 0, 255).astype(np.uint8).reshape(256, 1, 3)

    def frame(self, number: int) -> np.ndarray:
        """Return video frame `number` as RGB uint8 (size, size, 3)."""
        act = {name: float(values[number]) for name, values in self.motion.items()}
        pose = self._pose(act)
        image = self.room.copy()
        draw_hair_back(image, pose, self.subject)
        self._draw_body(image, pose, act)
        self._draw_head(image, pose, act)
        draw_wrinkles(image, pose, self.subject, act)
        draw_nose(image, pose, self.subject, act)
        draw_mouth(image, pose, self.subject, act)
        draw_eyes(image, pose, self.subject, act)
        draw_brows(image, pose, self.subject, act)
        draw_hair_front(image, pose, self.subject)
        small = cv2.resize(image, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return cv2.LUT(small, self.exposure)

    def _pose(self, act: dict[str, float]) -> HeadPose:
        unit = FACE_UNIT * self.canvas
        center = (self.canvas / 2 + unit * act['shift_x'], 0.49 * self.canvas + unit * act['shift_y'])
        return HeadPose(act['yaw'], act['pitch'], act['roll'], center, unit * act['size'])

    def _draw_body(self, image: np.ndarray, pose: HeadPose, act: dict[str, float]) -> None:
        subject = self.subject
        unit = pose.scale
        # The body follows half of the head's shift and none of its turning.
        middle = np.array([pose.center[0] - 0.5 * unit * act['shift_x'], pose.center[1]])
        shoulders = np.concatenate(
            [
                bezier((-2.2, 2.6), (-2.0, 1.7), (-0.9, 1.62), (-0.45, 1.38)),
                bezier((0.45, 1.38), (0.9, 1.62), (2.0, 1.7), (2.2, 2.6)),
            ]
        )
        fill(image, middle + unit * shoulders, subject.clothes)
        collar = bezier((-0.5, 1.38), (-0.3, 1.75), (0.3, 1.75), (0.5, 1.38))
        stroke(image, middle + unit * collar, mix(subject.clothes, (0, 0, 0), 0.35), 0.07 * unit)
        neck = np.array([(-0.47, 1.42), (-0.46, 0.6), (0.46, 0.6), (0.47, 1.42), (0.0, 1.66)])
        neck[1:3] = (pose.project(neck[1:3], depth=0.0) - middle) / unit
        fill(image, middle + unit * neck, mix(subject.skin, (40, 10, 10), 0.38))

    def _draw_head(self, image: np.ndarray, pose: HeadPose, act: dict[str, float]) -> None:
        ears = mix(self.subject.skin, (80, 20, 10), 0.25)
        for side in (-1.0, 1.0):
            fill(image, pose.project(ellipse((side * 1.0, 0.02), (0.13, 0.24)), depth=-0.2), ears)
        # The texture lies in canvas pixels of a frontal, centred head: turning moves it by what a point at the
        # centre of the face moves.
        unit = FACE_UNIT * self.canvas
        corners = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
        source = (self.canvas / 2 + unit * corners).astype(np.float32)
        shift = pose.project(corners[:1]) - pose.project(corners[:1], depth=0.0)
        target = (pose.project(corners, depth=0.0) + 0.6 * shift).astype(np.float32)
        warp = cv2.getAffineTransform(source, target)
        outline = pose.project(head_outline(self.subject, 0.12 * act['opening']), depth=0.0)

        def lay_skin(part: np.ndarray, corner: np.ndarray) -> None:
            """Lay the skin under the outline."""
            moved = warp - np.stack([np.zeros(2), np.zeros(2), corner], axis=1)
            cv2.warpAffine(self.skin, moved, part.shape[1::-1], part, borderMode=cv2.BORDER_REPLICATE)

        fill_inside(image, outline, lay_skin)


def head_outline(subject: Subject, jaw_drop: float = 0.0) -> np.ndarray:
    """Return the outline of the head, (N, 2) in face coordinates; `jaw_drop` lowers the chin."""
    chin, jaw = subject.face_length + jaw_drop, subject.jaw
    right = np.concatenate(
        [
            SKULL,
            bezier((1.0, -0.2), (1.0, 0.35), (0.95, 0.55), (jaw, 0.86 + jaw_drop)),
            bezier((jaw, 0.86 + jaw_drop), (0.8 * jaw, chin - 0.08), (0.3, chin), (0.0, chin)),
        ]
    )
    return np.concatenate([right, right[::-1] * (-1.0, 1.0)])


def _paint_room(subject: Subject, canvas: int, rng: np.random.Generator) -> np.ndarray:
    """A wall that is lit from the subject's side, with blurred furniture; uint8 (canvas, canvas, 3)."""
    y, x = np.mgrid[-1.0 : 1.0 : canvas * 1j, -1.0 : 1.0 : canvas * 1j].astype(np.float32)
    light = 0.85 + 0.18 * (x * subject.light[0] + y * subject.light[1])
    wall = light[..., None] * np.array(subject.room, dtype=np.float32)
    furniture = np.random.default_rng(subject.furniture)
    for _ in range(4):
        left, top = furniture.uniform(-0.1, 0.9, size=2) + rng.normal(0.0, 0.03, size=2)
        width, height = furniture.uniform(0.1, 0.35, size=2)
        color = np.array(subject.room) * furniture.uniform(0.45, 1.35) + furniture.uniform(-25, 25, size=3)
        area = np.array([(left, top), (left + width, top), (left + width, top + height), (left, top + height)])
        cv2.fillPoly(wall, [np.round(area * canvas).astype(np.int32)], color.tolist())
    return np.clip(cv2.GaussianBlur(wall, (0, 0), canvas / 40), 0.0, 255.0).astype(np.uint8)


def _paint_skin(subject: Subject, canvas: int) -> np.ndarray:
    """The frontal face without features, lit as an ellipsoid; uint8 (canvas, canvas, 3)."""
    unit = FACE_UNIT * canvas
    y, x = (np.mgrid[0:canvas, 0:canvas].astype(np.float32) - canvas / 2) / unit
    z = np.sqrt(np.maximum(0.05, 1.0 - (x / 1.2) ** 2 - (y / 1.6) ** 2))
    light = (np.array([*subject.light, 1.0]) / np.linalg.norm([*subject.light, 1.0])).tolist()
    shade = 0.52 + 0.55 * np.clip(x / 1.2 * light[0] + y / 1.6 * light[1] + z * light[2], 0.0, 1.0)
    skin = shade[..., None] * np.array(subject.skin, dtype=np.float32)

    def stain(color: tuple[int, int, int], strength: np.ndarray) -> None:
        """Mix a colour into the skin, in place."""
        skin[:] += strength[..., None] * (np.array(color, dtype=np.float32) * shade[..., None] - skin)

    def spot(center_x: float, center_y: float, width: float) -> np.ndarray:
        """Return a soft spot on both sides of the face, 0 to 1."""
        return np.exp(-(((np.abs(x) - center_x) / width) ** 2) - ((y - center_y) / width) ** 2)

    stain((200, 70, 60), 0.22 * spot(0.55, 0.32, 0.3))  # cheeks
    stain((70, 35, 40), 0.25 * spot(0.42, -0.1, 0.26))  # hollows of the eyes
    jaw_distance = np.sqrt((x / 0.95) ** 2 + ((y - 0.25) / 1.0) ** 2)
    beard = np.clip((jaw_distance - 0.42) * 6.0, 0.0, 1.0) * np.clip((y - 0.3) * 5.0, 0.0, 1.0)
    stain(subject.hair, subject.beard * beard)
    return np.clip(skin, 0.0, 255.0).astype(np.uint8)
