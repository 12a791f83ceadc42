"""Times of the frames of a clip."""

import numpy as np

STAMP_SEC = 1e-3  # stamps of some containers are rounded to it

# Rate at which a clip of sound alone is sampled, and of a folder of images whose rate is unknown.
DEFAULT_FPS = 25.0


def usual_interval_sec(times_sec: np.ndarray) -> float:
    """Return the median time between frames; for a single frame that of 25 per second."""
    return float(np.median(np.diff(times_sec))) if len(times_sec) > 1 else 1 / DEFAULT_FPS
