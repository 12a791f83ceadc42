"""Gathering of the frames of one window."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mmavf.errors import ClipError

from .limits import MAX_WINDOW_PIXELS


def gather_frames(
    indices: Sequence[int], read: Callable[[Sequence[int]], Iterator[np.ndarray]], path: str
) -> list[np.ndarray]:
    """Read the frames of a window by `read`, which takes ascending, distinct indices; each is read once.

    Returns:
        One (H, W, 3) uint8 RGB array per index; equal indices share one array.

    Raises:
        ClipError: All together are too large for memory.
    """
    order = sorted(set(indices))
    frames: dict[int, np.ndarray] = {}
    for index, frame in zip(order, read(order), strict=True):
        height, width, _ = frame.shape
        if len(order) * height * width > MAX_WINDOW_PIXELS:
            raise ClipError(
                f'{path}: a window of {len(order)} frames of {width} x {height} pixels exceeds the limit of '
                f'{MAX_WINDOW_PIXELS} pixels: use fewer frames, or scale the clip down'
            )
        frames[index] = frame
    return [frames[index] for index in indices]
