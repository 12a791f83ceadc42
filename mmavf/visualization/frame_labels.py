"""Squares, labels and bar charts of faces, drawn into the frames of a video."""

from bisect import bisect_right
from typing import NamedTuple

import cv2
import numpy as np

from mmavf.timeline import Span, Timeline, Track, Window, spans_of, track_name, tracks_of
from mmavf.timeline.spans import without

from .face_squares import corners, place_at, track_colour
from .palette import COLOURS
from .score_panel import shown_classes
from .text_pixels import LINE, text_pixels, write_text

MAX_BARS = 8
SIZES = 11, 34  # of text in pixels, at least and at most
LINES_PER_FRAME = 26  # of text, in the height of a frame
SHADE = 0.3  # of what lies behind text
WHITE, GREY = (255, 255, 255), (120, 120, 120)


class _Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int


class FrameLabels:
    """Draws what a timeline says about each moment.

    Args:
        timeline: The timeline.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._spans = {track: spans_of(timeline, track) for track in tracks_of(timeline)}
        self._starts = {track: [span.start_sec for span in spans] for track, spans in self._spans.items()}
        self._tracks = {track.number: track for track in timeline.tracks}
        self._bars = shown_classes(timeline, MAX_BARS)
        highest = max((abs(score) for window in timeline.windows for score in window.scores), default=1.0)
        self._range = 1.0 if timeline.model.kind == 'classification' else max(highest, 1.0)

    def draw(self, frame: np.ndarray, time_sec: float, scale: int = 1) -> None:
        """Draw the squares of the faces at a time, with number, label and bars, into an RGB frame (H, W, 3), in place.

        The window counts whose centre is nearest; a face without a window has its square and number alone. What has no
        place in the picture, such as the sound, is written in the upper left corner.

        Args:
            frame: The frame.
            time_sec: Its time.
            scale: By how much the frame was enlarged.
        """
        size = int(np.clip(frame.shape[0] / LINES_PER_FRAME, *SIZES))
        corner = size // 2
        for number, track in self._tracks.items():
            place = place_at(track, time_sec)
            if place is not None:
                box = _draw_square(frame, track, place * (scale, scale, scale, 1))
                self._draw_beside(frame, box, number, self._window_at(number, time_sec), size)
        for key in self._spans:
            window = self._window_at(key, time_sec)
            placed = key in self._tracks and place_at(self._tracks[key], time_sec) is not None
            if window is not None and not placed:
                self._draw_panel(frame, size // 2, corner, window, size, track_name(key))
                corner += self._panel_size(window, size, track_name(key))[1] + size // 2

    def _window_at(self, track: int | None, time_sec: float) -> Window | None:
        spans: list[Span] = self._spans.get(track, [])
        index = bisect_right(self._starts.get(track, []), time_sec) - 1
        return spans[index].window if index >= 0 and time_sec < spans[index].end_sec else None

    def _draw_beside(self, frame: np.ndarray, box: _Box, number: int, window: Window | None, size: int) -> None:
        if window is None:
            _write(frame, box.left, box.top - round(LINE * size), str(number), size)
            return
        width, height = self._panel_size(window, size, str(number))
        left = box.right + size // 3
        if left + width > frame.shape[1] and box.left - size // 3 - width >= 0:
            left = box.left - size // 3 - width
        left = max(min(left, frame.shape[1] - width), 0)
        top = max(min(box.top, frame.shape[0] - height), 0)
        self._draw_panel(frame, left, top, window, size, str(number))

    def _heading(self, window: Window, name: str, label: str | None) -> str:
        """Return the first line of a panel; that of a regression has no values, as the bars show them."""
        if label is None:
            return name + without(window.missing)
        return f'{name}: {label} {100 * max(window.scores):.0f} %{without(window.missing)}'

    def _panel_size(self, window: Window, size: int, name: str) -> tuple[int, int]:
        """Return width and height of a panel: a heading of any label, and a line with name and bar for each class."""
        model = self._timeline.model
        label = max(model.names, key=len) if model.kind == 'classification' else None
        heading = text_pixels(self._heading(window, name, label), size).shape[1] + size  # room for a wider letter
        named = max(text_pixels(model.names[index], size).shape[1] for index in self._bars)
        return max(named + 5 * size, heading) + size, round(LINE * size) * (len(self._bars) + 1) + size // 2

    def _draw_panel(self, frame: np.ndarray, left: int, top: int, window: Window, size: int, name: str) -> None:
        width, height = self._panel_size(window, size, name)
        part = frame[top : top + height, left : left + width]
        part[:] = part * SHADE
        line, row = round(LINE * size), top + size // 4
        heading = self._heading(window, name, self._timeline.label(window))
        write_text(frame, heading, left + size // 2, row, size, WHITE)
        for place, index in enumerate(self._bars):
            row += line
            write_text(frame, self._timeline.model.names[index], left + size // 2, row, size, WHITE)
            self._draw_bar(frame, left + width - size // 2, row, window.scores[index], size, COLOURS[place])

    def _draw_bar(self, frame: np.ndarray, right: int, top: int, score: float, size: int, colour: str) -> None:
        """Draw a bar of up to `4 * size` pixels that ends at `right`; of a value it begins in the middle."""
        length = 4 * size
        upper, lower = top + size // 4, top + size
        if self._timeline.model.kind == 'classification':
            begin, end = right - length, right - length + round(length * score)
        else:
            begin = right - length // 2
            end = begin + round(length / 2 * score / self._range)
        cv2.rectangle(frame, (right - length, upper), (right, lower), GREY, 1)
        rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        cv2.rectangle(frame, (min(begin, end), upper), (max(begin, end), lower), rgb, cv2.FILLED)


def _draw_square(frame: np.ndarray, track: Track, place: np.ndarray) -> _Box:
    outline = corners(place)
    whole = [outline.round().astype(np.int32)]
    width = max(2, round(frame.shape[0] / 240))
    cv2.polylines(frame, whole, True, WHITE, 2 * width, cv2.LINE_AA)
    cv2.polylines(frame, whole, True, track_colour(track.number), width, cv2.LINE_AA)
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    return _Box(int(left), int(top), int(right), int(bottom))


def _write(frame: np.ndarray, left: int, top: int, text: str, size: int) -> None:
    """Write text on a shade."""
    height, width = text_pixels(text, size).shape
    left, top = max(min(left, frame.shape[1] - width), 0), max(top, 0)
    part = frame[top : top + height, left : left + width + size // 2]
    part[:] = part * SHADE
    write_text(frame, text, left + size // 4, top, size, WHITE)
