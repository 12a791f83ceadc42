"""RandAugment for the frames of a view."""

import math
from collections.abc import Callable

import numpy as np
import torch
import torchvision.transforms.v2.functional as F
from mmcv.transforms import BaseTransform
from torchvision.transforms import InterpolationMode

from mmavf.registry import TRANSFORMS

MAX_LEVEL = 10.0
FILL = [128.0]


def _sign() -> int:
    return 1 if np.random.rand() < 0.5 else -1


def _affine(
    frames: torch.Tensor, angle: float = 0.0, shift: tuple[int, int] = (0, 0), shear: tuple = (0, 0)
) -> torch.Tensor:
    # shears keep the upper left corner, turns the centre
    center = [0.0, 0.0] if any(shear) else None
    degrees = [math.degrees(math.atan(part)) for part in shear]
    return F.affine(frames, angle, list(shift), 1.0, degrees, InterpolationMode.BILINEAR, FILL, center)


def _solarize_add(frames: torch.Tensor, level: float) -> torch.Tensor:
    return torch.where(frames < 128, frames + int(level / MAX_LEVEL * 110), frames)


def _factor(level: float) -> float:
    return 1 + _sign() * 0.9 * level / MAX_LEVEL


def _pixels(level: float, length: int) -> int:
    return round(_sign() * 0.45 * level / MAX_LEVEL * length)


# What each operation does to frames (T, 3, H, W) uint8 at a level in [0, 10]; all grow with the level or have none.
OPERATIONS: dict[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    'auto_contrast': lambda x, level: F.autocontrast(x),
    'equalize': lambda x, level: F.equalize(x),
    'invert': lambda x, level: F.invert(x),
    'rotate': lambda x, level: _affine(x, angle=_sign() * 30 * level / MAX_LEVEL),
    'posterize': lambda x, level: F.posterize(x, 4 - int(4 * level / MAX_LEVEL)),
    'solarize': lambda x, level: F.solarize(x, min(256 - int(256 * level / MAX_LEVEL), 255)),
    'solarize_add': _solarize_add,
    'color': lambda x, level: F.adjust_saturation(x, _factor(level)),
    'contrast': lambda x, level: F.adjust_contrast(x, _factor(level)),
    'brightness': lambda x, level: F.adjust_brightness(x, _factor(level)),
    'sharpness': lambda x, level: F.adjust_sharpness(x, _factor(level)),
    'shear_x': lambda x, level: _affine(x, shear=(_sign() * 0.3 * level / MAX_LEVEL, 0)),
    'shear_y': lambda x, level: _affine(x, shear=(0, _sign() * 0.3 * level / MAX_LEVEL)),
    'translate_x': lambda x, level: _affine(x, shift=(_pixels(level, x.shape[-1]), 0)),
    'translate_y': lambda x, level: _affine(x, shift=(0, _pixels(level, x.shape[-2]))),
}


@TRANSFORMS.register_module()
class RandAugment(BaseTransform):
    """RandAugment (arXiv 1909.13719) with one draw for all frames; the defaults are timm's rand-m7-n4-mstd0.5-inc1.

    `num_ops` of 15 operations are drawn with replacement. Each is left out with probability 0.5; its level is drawn
    from a normal distribution and kept in [0, 10]; where it has a direction, that is drawn too. Turns, shears and
    shifts interpolate bilinearly; what comes in from outside the frame is grey (128).

    The base configs apply it after crop, resize and flip: a shift is a share of what the model sees, and what it pushes
    out of the frame is lost.

    Required and changed keys: `imgs` (list of T arrays (H, W, 3), uint8, of one view: use it in PerView).

    Args:
        num_ops: Operations that are drawn.
        magnitude: Mean of the level.
        magnitude_std: Standard deviation of the level.
    """

    def __init__(self, num_ops: int = 4, magnitude: float = 7.0, magnitude_std: float = 0.5) -> None:
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.magnitude_std = magnitude_std

    def transform(self, results: dict) -> dict:
        """Augment the frames of `results`."""
        frames = torch.from_numpy(np.stack(results['imgs'])).permute(0, 3, 1, 2)  # (T, H, W, 3) -> (T, 3, H, W)
        for name in np.random.choice(list(OPERATIONS), self.num_ops):
            if np.random.rand() < 0.5:
                level = float(np.clip(np.random.normal(self.magnitude, self.magnitude_std), 0, MAX_LEVEL))
                frames = OPERATIONS[name](frames, level)
        results['imgs'] = list(frames.permute(0, 2, 3, 1).contiguous().numpy())  # -> T arrays (H, W, 3)
        return results
