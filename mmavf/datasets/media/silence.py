"""Silence in place of missing sound."""

import numpy as np

from .sound_window import empty_window


class Silence:
    """Takes the place of missing sound, if the configuration allows it; a `SoundReader`.

    Attributes:
        start_sec: 0, as there is no sound.
        duration_sec: 0.
    """

    start_sec = 0.0
    duration_sec = 0.0

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return (round((end - start) * 16000),) float32 zeros.

        Raises:
            ClipError: The window ends before it starts, or is too long.
        """
        return empty_window(start_sec, end_sec, 'silence in place of sound')
