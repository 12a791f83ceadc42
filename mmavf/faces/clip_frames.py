"""What faces are looked for in."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np


class ClipFrames(Protocol):
    """The frames of a clip in order, all of one size, decoded as they are asked for.

    Attributes:
        path: What an error names.
        times_sec: (N,) float64, ascending, N > 0: seconds from the start of the clip.
        size: Width and height.
    """

    path: str
    times_sec: np.ndarray
    size: tuple[int, int]

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...

    def pick(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield the frames of ascending, distinct `indices`: (H, W, 3) uint8 RGB.

        Raises:
            ClipError: A frame is damaged, missing, or of another size.
        """
