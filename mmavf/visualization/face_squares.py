"""Where the squares of tracked faces lie in a frame."""

import numpy as np

from mmavf.timeline import Track

from .palette import COLOURS


def place_at(track: Track, time_sec: float) -> np.ndarray | None:
    """Return (4,) centre x, centre y, side and angle of a track's square at a time, between its notes on a line.

    None before the track begins, from its end on, and if no place of it is noted.
    """
    if not track.places or not track.start_sec <= time_sec < track.end_sec:
        return None
    columns = np.array(track.places).T  # (4, n)
    return np.array([np.interp(time_sec, track.times_sec, column) for column in columns])


def corners(place: np.ndarray) -> np.ndarray:
    """Return the (4, 2) corners of a square of `crop_square`, in pixels from the upper left corner of the frame."""
    x, y, side, angle = place
    turn = np.array([[np.cos(a := np.radians(angle)), -np.sin(a)], [np.sin(a), np.cos(a)]])
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return np.array([x, y]) + side * unit @ turn.T


def track_colour(number: int) -> tuple[int, int, int]:
    """Return the RGB colour of a track."""
    colour = COLOURS[(number - 1) % len(COLOURS)]
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
