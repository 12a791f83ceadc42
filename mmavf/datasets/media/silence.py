"""Sound of a clip that has none."""

import numpy as np

from .sound_window import empty_window


class Silence:
    """Stands in for the sound of a clip without any, where the configuration asks for that."""

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return (round((end - start) * 16000),) float32 zeros.

        Raises:
            ClipError: The window is longer than is read at once, or none.
        """
        return empty_window(start_sec, end_sec, 'silence in place of sound')
