"""Linking of the faces found in single frames to tracks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .detector import Face

MIN_OVERLAP = 0.3  # of one sighting and the next, as intersection over union


@dataclass
class FaceTrack:
    """One face over time.

    Attributes:
        looks: Indices of the sampled frames that show it, ascending.
        faces: The face in each of them.
    """

    looks: list[int] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The first sampled frame that shows it."""
        return self.looks[0]

    @property
    def last(self) -> int:
        """The last sampled frame that shows it."""
        return self.looks[-1]

    @property
    def boxes(self) -> np.ndarray:
        """The boxes, (n, 4) float64: x, y, width, height."""
        return np.array([face.box for face in self.faces])


def link_faces(
    seen: Sequence[Sequence[Face]], times_sec: np.ndarray, cuts: set[int], max_gap_sec: float
) -> list[FaceTrack]:
    """Link faces whose boxes overlap from one sampled frame to the next.

    A track ends at a shot change, where its face jumps (no box overlaps the last one enough), and where the face was
    not seen for longer than `max_gap_sec`. Pairs are made in order of decreasing overlap.

    Args:
        seen: The faces in each sampled frame.
        times_sec: (n,) times of these frames.
        cuts: Which of them are the first of a new shot.
        max_gap_sec: Longest time between two sightings of a track.
    """
    tracks: list[FaceTrack] = []
    running: list[FaceTrack] = []
    for look, faces in enumerate(seen):
        # consecutive sampled frames are linked however far apart they are
        running = [
            track
            for track in running
            if look not in cuts and (track.last == look - 1 or times_sec[look] - times_sec[track.last] <= max_gap_sec)
        ]
        pairs = [
            (overlap(track.faces[-1].box, face.box), t, f)
            for t, track in enumerate(running)
            for f, face in enumerate(faces)
        ]
        free_tracks, free_faces = set(range(len(running))), set(range(len(faces)))
        for share, t, f in sorted(pairs, reverse=True):
            if share >= MIN_OVERLAP and t in free_tracks and f in free_faces:
                running[t].looks.append(look)
                running[t].faces.append(faces[f])
                free_tracks.remove(t)
                free_faces.remove(f)
        begun = [FaceTrack([look], [faces[f]]) for f in sorted(free_faces)]
        tracks += begun
        running += begun
    return tracks


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of two boxes (x, y, width, height)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def max_concurrent(tracks: Sequence[FaceTrack]) -> int:
    """Return the largest number of tracks that run at the same time."""
    return max((sum(t.first <= track.first <= t.last for t in tracks) for track in tracks), default=0)
