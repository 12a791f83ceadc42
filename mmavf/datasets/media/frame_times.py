"""Times of the frames of a clip."""

import numpy as np

from mmavf.errors import ClipError

STAMP_SEC = 1e-3  # stamps of some containers are rounded to it

# Rate at which a clip of sound alone is sampled, and of a folder of images whose rate is unknown.
DEFAULT_FPS = 25.0


def usual_interval_sec(times_sec: np.ndarray) -> float:
    """Return the median time between frames; for a single frame that of 25 per second."""
    return float(np.median(np.diff(times_sec))) if len(times_sec) > 1 else 1 / DEFAULT_FPS


def sound_moments(start_sec: float, end_sec: float, path: str) -> np.ndarray:
    """Return moments of sound alone, from which windows are chosen as from the times of frames.

    Args:
        start_sec: The first one.
        end_sec: End of the sound.
        path: The file, for messages.

    Returns:
        (N,) float64, 25 a second, N > 1.

    Raises:
        ClipError: There is no sound between the two, or less than from one moment to the next, so that a window would
            hold no samples.
    """
    if end_sec <= start_sec:
        raise ClipError(f'{path}: no sound after {start_sec:g} s: it ends at {end_sec:g} s')
    count = int((end_sec - start_sec) * DEFAULT_FPS + 1e-6) + 1
    if count < 2:
        raise ClipError(
            f'{path}: its sound is too short: {(end_sec - start_sec) * 1000:.0f} ms; it must have '
            f'{1000 / DEFAULT_FPS:.0f} at least'
        )
    return start_sec + np.arange(count) / DEFAULT_FPS
