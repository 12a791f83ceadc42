"""Sound of a clip that has none."""

import numpy as np

from .resample import SAMPLE_RATE_HZ


class Silence:
    """Stands in for the sound of a clip without any, where the configuration asks for that."""

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return (round((end - start) * 16000),) float32 zeros."""
        return np.zeros(round((end_sec - start_sec) * SAMPLE_RATE_HZ), dtype=np.float32)
