"""The contract of packs: how the frames of face clips are stored."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np


class Pack(Protocol):
    """Writes the frames of face clips; registered in `PACKS`."""

    @property
    def suffix(self) -> str:
        """Suffix of a clip's name; '' for a folder."""

    @property
    def fps(self) -> float | None:
        """Rate at which frames are written; None if they keep their own times."""

    @property
    def clips_per_shard(self) -> int | None:
        """Raw clips whose face clips `write_shard` gathers in one tar file; None if each face clip stays on its own."""

    def write(self, path: Path, frames: Iterable[np.ndarray], times_sec: np.ndarray) -> None:
        """Write one clip.

        Args:
            path: The file or folder to create.
            frames: (H, W, 3) uint8 RGB each, all of one even size; they are consumed one by one.
            times_sec: (N,) float64 ascending from 0, one per frame, N > 0.
        """
