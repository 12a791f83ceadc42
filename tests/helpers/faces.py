"""Pictures with drawn faces, and stand-ins that tell where faces are."""

import cv2
import numpy as np

from mmavf.faces import Face
from mmavf.synthetic.builder import perform_entry, plan_clips
from mmavf.synthetic.face import FacePainter
from mmavf.synthetic.settings import SyntheticSettings


def drawn_face(frame: int = 0, size: int = 160) -> np.ndarray:
    """Return (size, size, 3) uint8: the portrait of a drawn person that the frontal-face cascade finds."""
    settings = SyntheticSettings(size=size)
    performance = perform_entry(settings, plan_clips(settings)[15])
    return FacePainter(performance, size, np.random.default_rng(0)).frame(frame)


def scene(face: np.ndarray, x: int, y: int, height: int = 240, width: int = 320) -> np.ndarray:
    """Return a (height, width, 3) picture of blurred noise with `face` at column x and row y."""
    noise = np.random.default_rng(1).integers(60, 190, (height // 16, width // 16, 3), dtype=np.uint8)
    picture = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    picture[y : y + face.shape[0], x : x + face.shape[1]] = face
    return picture


class PlannedDetector:
    """Gives the faces that it was told: `plan[i]` are those of frame i."""

    tight = True

    def __init__(self, plan: list[list[Face]], eyes: bool = False) -> None:
        self.plan = plan

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        return self.plan[frame_index]
