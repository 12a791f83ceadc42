"""Empty windows of sound, which readers fill."""

import math

import numpy as np

from mmavf.errors import ClipError

from .limits import MAX_SOUND_SEC
from .resample import SAMPLE_RATE_HZ


def empty_window(start_sec: float, end_sec: float, path: str) -> np.ndarray:
    """Return (round((end - start) * 16000),) float32 zeros.

    Raises:
        ClipError: The window [start_sec, end_sec) ends before it starts, is longer than `limits.MAX_SOUND_SEC`, or one
            of the times is not finite.
    """
    if not (math.isfinite(start_sec) and math.isfinite(end_sec) and start_sec <= end_sec):
        raise ClipError(f'{path}: sound from {start_sec:g} s to {end_sec:g} s is not a valid window')
    if end_sec - start_sec > MAX_SOUND_SEC:
        raise ClipError(
            f'{path}: {end_sec - start_sec:g} s of sound exceed the limit of {MAX_SOUND_SEC:g} s per read: split the '
            'recording into clips, or look for a gap in its time stamps'
        )
    return np.zeros(round((end_sec - start_sec) * SAMPLE_RATE_HZ), dtype=np.float32)
