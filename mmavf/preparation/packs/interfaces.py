"""The contract of packs: how the frames of face clips are stored."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np


class Pack(Protocol):
    """Writes the frames of face clips; registered in `PACKS`.

    Attributes:
        suffix: Suffix of a clip's name; '' for a folder.
        fps: Rate at which frames are written; None where they keep their own times.
        clips_per_shard: Raw clips whose face clips are gathered in one tar file by `write_shard`; None where each face
            clip stays a file or folder of its own.
    """

    suffix: str
    fps: float | None
    clips_per_shard: int | None

    def write(self, path: Path, frames: Iterable[np.ndarray], times_sec: np.ndarray) -> None:
        """Write one clip.

        Args:
            path: The file or folder to create.
            frames: (H, W, 3) uint8 RGB each, all of one even size; they are consumed one by one.
            times_sec: (N,) float64 ascending from 0, one per frame, N > 0.
        """
