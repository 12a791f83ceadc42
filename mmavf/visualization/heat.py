"""Maps over patches, drawn over frames."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F

OPACITY = 0.65  # of the strongest place
FULL = 1.5  # times the even share: a map that is nowhere stronger does not reach 1


def heat(weights: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Enlarge a map to the size of what it is over, by linear interpolation.

    The scale begins at the even share, which every patch has if attention is even, and ends at the strongest patch, but
    not below 1.5 times the even share, so that small differences look small.

    Args:
        weights: (slices, rows, columns) or (time, mel), not negative, as `attention_maps` gives it for one clip.
        size: Along the same axes.

    Returns:
        Float32 of that size in [0, 1]; 0 = even share or less.
    """
    mode = {2: 'bilinear', 3: 'trilinear'}[weights.ndim]
    shares = (weights / weights.mean()).astype(np.float32)  # in even shares
    patches = torch.from_numpy(shares)[None, None]
    large = F.interpolate(patches, size=tuple(size), mode=mode, align_corners=False)[0, 0].numpy()
    return ((large - 1) / (max(float(shares.max()), FULL) - 1)).clip(0, 1)


def overlay_map(frames: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Draw a map over the frames that it belongs to: the stronger above the even share, the less transparent.

    Args:
        frames: (T, H, W, 3) uint8 RGB.
        weights: (slices, rows, columns), as `attention_maps` gives it for one clip.

    Returns:
        (T, H, W, 3) uint8 RGB.
    """
    strength = heat(weights, frames.shape[:3])[..., None]  # (T, H, W, 1)
    palette = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_INFERNO)[:, 0, ::-1]  # BGR -> RGB
    colours = palette[(255 * strength[..., 0]).round().astype(np.uint8)]  # (T, H, W, 3)
    return (frames + OPACITY * strength * (colours.astype(np.float32) - frames)).round().astype(np.uint8)
