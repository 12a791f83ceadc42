"""Local contrast: what a place has in common with its surroundings is taken out of the frames."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LocalContrast(BaseTransform):
    """Subtract from each pixel the mean of its surroundings and divide by the deviation there.

    The first layer of a patch transformer sees a patch mostly as its mean colour; lines, such as brows and lips, are a
    small part of its variance, and a small model takes long to learn to look at them. Here they are all there is. It is
    for small models and short trainings; the published recipes do without.

    Required and changed keys: `imgs` (list of arrays (H, W, 3), uint8). 128 is no contrast.

    Args:
        window: Edge of the square whose mean is subtracted, in pixels, odd. The deviation, one for the three colours,
            is that of a square of twice the edge plus one.
        gain: Grey levels for one deviation.
        floor: Added to the deviation, in grey levels: noise in even areas stays small.
    """

    def __init__(self, window: int = 9, gain: float = 40.0, floor: float = 6.0) -> None:
        self.window = window
        self.gain = gain
        self.floor = floor

    def transform(self, results: dict) -> dict:
        """Change the frames of `results`."""
        results['imgs'] = [self._normalise(image) for image in results['imgs']]
        return results

    def _normalise(self, image: np.ndarray) -> np.ndarray:
        image = image.astype(np.float32)
        detail = image - _local_mean(image, self.window)  # (H, W, 3)
        deviation = np.sqrt(_local_mean(np.square(detail).mean(axis=-1), 2 * self.window + 1))  # (H, W)
        scaled = 128 + self.gain * detail / (deviation[..., None] + self.floor)
        return np.clip(np.round(scaled), 0, 255).astype(np.uint8)


def _local_mean(image: np.ndarray, window: int) -> np.ndarray:
    return cv2.blur(image, (window, window), borderType=cv2.BORDER_REPLICATE)
