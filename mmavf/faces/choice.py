"""The choice of one face at each time."""

from collections.abc import Callable, Sequence

import numpy as np

from mmavf.errors import ConfigError

from .face_track import FaceTrack

FrameSize = tuple[int, int]


def _size(track: FaceTrack, frame_size: FrameSize) -> float:
    """Return the median box area."""
    return float(np.median(track.boxes[:, 2] * track.boxes[:, 3]))


def _centrality(track: FaceTrack, frame_size: FrameSize) -> float:
    """Return how close it is to the middle of the picture: 1 there, 0 in the corners."""
    boxes, middle = track.boxes, np.array(frame_size) / 2  # (n, 4)
    distances = np.linalg.norm(boxes[:, :2] + boxes[:, 2:] / 2 - middle, axis=1)  # (n,)
    return 1 - float(np.median(distances)) / float(np.linalg.norm(middle))


CRITERIA: dict[str, Callable[[FaceTrack, FrameSize], float]] = dict(largest=_size, central=_centrality)


def choose_tracks(tracks: Sequence[FaceTrack], choose: str, frame_size: FrameSize) -> list[FaceTrack]:
    """Choose the face to keep at each time; who speaks is not considered.

    The best track is taken, then the best of those that run while none taken does, and so on.

    Args:
        tracks: All of them.
        choose: What is best: 'largest', the product of median box area and number of sightings, or 'central', that of
            closeness to the middle of the picture and number of sightings.
        frame_size: Width and height of the picture.

    Returns:
        Tracks of which no two run at the same time, by time.

    Raises:
        ConfigError: The criterion is unknown.
    """
    if choose not in CRITERIA:
        raise ConfigError(f'choose must be one of {", ".join(CRITERIA)}, not {choose!r}')
    worth = CRITERIA[choose]
    chosen: list[FaceTrack] = []
    for track in sorted(tracks, key=lambda track: len(track.looks) * worth(track, frame_size), reverse=True):
        if all(track.last < other.first or track.first > other.last for other in chosen):
            chosen.append(track)
    return sorted(chosen, key=lambda track: track.first)
