"""Small pictures of a video over time."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from mmavf.datasets.media import FrameReader
from mmavf.timeline import Timeline

from .face_squares import corners, place_at, track_colour

NUMBER = 12  # of pictures
HEIGHT = 180  # of a picture in pixels, at most


class SmallFrame(NamedTuple):
    """A frame of the strip.

    Attributes:
        centre_sec: Middle of the part of the recording that it stands for.
        pixels: (h, w, 3) uint8 RGB, with the squares of the faces drawn.
    """

    centre_sec: float
    pixels: np.ndarray


def small_frames(timeline: Timeline, frames: FrameReader, number: int = NUMBER) -> list[SmallFrame]:
    """Return the frame in the middle of each of `number` equal parts of a recording; none where it has no video.

    Only these frames are decoded, one at a time.

    Raises:
        ClipError: A frame is damaged.
    """
    source, times = timeline.source, frames.frame_times
    length_sec = (source.end_sec - source.start_sec) / number
    centres: dict[int, float] = {}
    for part in range(number):
        centre_sec = source.start_sec + (part + 0.5) * length_sec
        nearest = int(np.abs(times - centre_sec).argmin())
        if abs(times[nearest] - centre_sec) <= length_sec / 2:
            centres.setdefault(nearest, centre_sec)
    pictures = frames.iter_frames(list(centres))
    return [
        SmallFrame(centre_sec, _small(timeline, picture, times[index]))
        for (index, centre_sec), picture in zip(centres.items(), pictures, strict=True)
    ]


def _small(timeline: Timeline, frame: np.ndarray, time_sec: float) -> np.ndarray:
    scale = min(1.0, HEIGHT / frame.shape[0])
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    picture = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    for track in timeline.tracks:
        place = place_at(track, time_sec)
        if place is None:
            continue
        outline = corners(place) * scale
        whole = [outline.round().astype(np.int32)]
        cv2.polylines(picture, whole, True, (255, 255, 255), 4, cv2.LINE_AA)
        cv2.polylines(picture, whole, True, track_colour(track.number), 2, cv2.LINE_AA)
        below = int(outline[:, 0].min()) + 3, math.ceil(outline[:, 1].max()) - 5
        for colour, width in (((255, 255, 255), 5), (track_colour(track.number), 2)):
            cv2.putText(picture, str(track.number), below, cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, width, cv2.LINE_AA)
    return picture
