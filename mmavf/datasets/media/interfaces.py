"""Contracts of the readers that transforms and the face cropper take: a reader of one's own must offer this much.

Both readers of a clip count time in the same way, in seconds.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np


class FrameReader(Protocol):
    """The frames of a clip, decoded when they are asked for.

    Attributes:
        frame_times: (N,) float64, N > 0: time of each frame in seconds, finite and ascending.
    """

    frame_times: np.ndarray

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return one (H, W, 3) uint8 RGB array per index, in the order of `indices`, which may repeat.

        Raises:
            ClipError: A frame is damaged or missing, or all together are too large for memory.
        """

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield one (H, W, 3) uint8 RGB array per index, holding only a few in memory. One iteration at a time.

        Args:
            indices: Ascending and distinct.

        Raises:
            ClipError: A frame is damaged or missing.
        """


class SoundReader(Protocol):
    """The sound of a clip, decoded when it is asked for.

    Attributes:
        start_sec: Time at which the sound starts.
        duration_sec: Time at which it ends.
    """

    start_sec: float
    duration_sec: float

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return the window [start_sec, end_sec) as mono 16 kHz: (round((end_sec - start_sec) * 16000),) float32.

        Samples are nominally in [-1, 1], and zero where there is no sound: before it starts, after it ends, in gaps.

        Raises:
            ClipError: The sound is damaged or not finite, or the window is not one: it ends before it starts, or is too
                long.
        """
