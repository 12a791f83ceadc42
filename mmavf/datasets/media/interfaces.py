"""Contracts of readers of frames and of sound, which transforms and the face cropper use.

The two readers of a clip share one clock, in seconds.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np


class FrameReader(Protocol):
    """The frames of a clip, decoded on demand."""

    @property
    def frame_times(self) -> np.ndarray:
        """Time of each frame in seconds, (N,) float64 with N > 0, finite and ascending."""

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
    """The sound of a clip, decoded on demand."""

    @property
    def start_sec(self) -> float:
        """Time at which the sound starts."""

    @property
    def duration_sec(self) -> float:
        """Time at which the sound ends."""

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return the window [start_sec, end_sec) as mono 16 kHz: (round((end_sec - start_sec) * 16000),) float32.

        Samples are nominally in [-1, 1], and zero where there is no sound: before it starts, after it ends, in gaps.

        Raises:
            ClipError: The sound is damaged or not finite, or the window is not one: it ends before it starts, or is too
                long.
        """
