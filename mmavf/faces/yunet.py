"""The face detector on the YuNet network, run by OpenCV."""

import os

import cv2
import numpy as np

from mmavf.errors import ConfigError
from mmavf.files.git_lfs import why_unreadable
from mmavf.registry import FACE_DETECTORS

from .detector import Face, shrink


@FACE_DETECTORS.register_module()
class YuNetDetector:
    """Faces, turned ones too, by YuNet (Wu, Peng and Yu, 2023) on the CPU, with their eyes.

    OpenCV does not ship the network: download `face_detection_yunet_*.onnx` from OpenCV's model collection. So far it
    has been tested only with a stand-in of the same outputs, not with the real file.

    Args:
        model: Path of the onnx file.
        eyes: Whether eyes are needed; they are always detected.
        long_edge: Pictures are shrunk to this many pixels.
        min_score: Minimum score of a face, in [0, 1].

    Raises:
        ConfigError: The file does not exist, or OpenCV cannot read it as this network.
    """

    tight = True

    def __init__(self, model: str, eyes: bool = False, long_edge: int = 320, min_score: float = 0.8) -> None:
        if not os.path.isfile(model):
            raise ConfigError(f'YuNetDetector: no such file: {model}; expected face_detection_yunet_*.onnx')
        try:
            self._network = cv2.FaceDetectorYN.create(model, '', (long_edge, long_edge), min_score)
        except cv2.error as error:
            reason = why_unreadable(model, f'OpenCV cannot read it as a network ({error.err})')
            raise ConfigError(f'YuNetDetector: {model}: {reason}') from error
        self._long_edge = long_edge

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the faces; see `FaceDetector`."""
        picture, factor = shrink(frame, self._long_edge)
        self._network.setInputSize((picture.shape[1], picture.shape[0]))
        _, rows = self._network.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        # a row: box (4), the person's right eye (2), left eye (2), nose and mouth (6), score
        return [] if rows is None else [_to_face(row, factor) for row in rows.astype(float)]


def _to_face(row: np.ndarray, factor: float) -> Face:
    pixels = row[:8] * factor
    return Face(tuple(pixels[:4]), row[14], (tuple(pixels[4:6]), tuple(pixels[6:8])))
