"""The position of a face in each frame, from the sightings of its track."""

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from .face_track import FaceTrack


def face_path(
    track: FaceTrack, look_times_sec: np.ndarray, times_sec: np.ndarray, margin: float, smooth_sec: float
) -> np.ndarray:
    """Interpolate and smooth a track, so that crops along it do not jitter.

    Sightings pass a median of three (a single wrong box vanishes), are interpolated linearly, held before the first and
    after the last, and smoothed by a Gaussian over time; frames are assumed to be evenly spaced for that.

    Args:
        track: The track.
        look_times_sec: (m,) times of the sampled frames.
        times_sec: (n,) times of the requested frames.
        margin: Enlargement of a box, as a share of its larger edge.
        smooth_sec: Standard deviation of the Gaussian.

    Returns:
        (n, 4) float64: x and y of the centre and side of the square in pixels, and the angle in degrees by which the
        eyes' line falls to the right (0 where no sighting has eyes).
    """
    boxes, seen_sec = track.boxes, look_times_sec[track.looks]  # (k, 4), (k,)
    series = [
        (boxes[:, 0] + boxes[:, 2] / 2, seen_sec),
        (boxes[:, 1] + boxes[:, 3] / 2, seen_sec),
        (boxes[:, 2:].max(1) * (1 + margin), seen_sec),
    ]
    eyes = np.array([face.eyes for face in track.faces if face.eyes is not None])  # (e, 2, 2)
    if len(eyes):
        right, down = (eyes[:, 1] - eyes[:, 0]).T  # (e,), (e,)
        has_eyes = [face.eyes is not None for face in track.faces]
        series.append((np.degrees(np.arctan2(down, right)), seen_sec[has_eyes]))
    path = np.zeros((len(times_sec), 4))
    for column, (values, known_sec) in enumerate(series):
        path[:, column] = np.interp(times_sec, known_sec, median_filter(values, 3, mode='nearest'))
    if len(times_sec) > 1 and smooth_sec > 0:
        interval_sec = (times_sec[-1] - times_sec[0]) / (len(times_sec) - 1)
        path = gaussian_filter1d(path, smooth_sec / interval_sec, axis=0, mode='nearest')
    return path
