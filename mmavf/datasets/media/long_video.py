"""Frames of a video of any length."""

from collections.abc import Iterator, Sequence

import numpy as np

from mmavf.errors import ClipError

from .demux import Span
from .media_source import MediaSource
from .open_spans import open_spans
from .video_track import VideoTrack
from .windows import gather_frames


class LongVideo:
    """The frames of a video of any length, decoded span after span; a `FrameReader`.

    Any number of iterations may run at a time, also in threads: each opens the file for itself.

    Args:
        path: The file.
        kinds: Which streams are read: the time of a concatenated file depends on all of them.
        span_sec: Length of the part that is in memory.
        frame_times: (N,) float64, the time of each frame in seconds, ascending.
    """

    def __init__(self, path: str, kinds: Sequence[str], span_sec: float, frame_times: np.ndarray) -> None:
        self.path, self._kinds, self._span_sec = path, kinds, span_sec
        self.frame_times = frame_times

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames by index, as `VideoTrack.read_frames` does."""
        return gather_frames(indices, self.iter_frames, self.path)

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Decode frames as `VideoTrack.iter_frames` does, with the packets of one span in memory."""
        wanted = np.asarray(indices, dtype=np.int64)
        if not len(wanted):
            return
        start_sec = float(self.frame_times[wanted].min())
        track = None
        for source, span in open_spans(self.path, self._kinds, 'video', start_sec, self._span_sec):
            track = moved_track(track, source, span)
            if track is None:
                break
            begin = self._place(track.frame_times)
            inside = wanted[(wanted >= begin) & (wanted < begin + len(track.frame_times))]
            yield from track.continue_frames((inside - begin).tolist())
            if len(inside) and inside[-1] == wanted[-1]:
                return
        raise self._changed()

    def _place(self, times: np.ndarray) -> int:
        """Return the index of the first of the frames of a span."""
        begin = int(np.searchsorted(self.frame_times, times[0])) if len(times) else 0
        if not np.array_equal(self.frame_times[begin : begin + len(times)], times):
            raise self._changed()
        return begin

    def _changed(self) -> ClipError:
        return ClipError(f'{self.path}: its frames are not those of before: the file has changed while it was read')


def moved_track(track: VideoTrack | None, source: MediaSource, span: Span) -> VideoTrack | None:
    """Return the track of a file, moved to another span; a new one for the first span, None if there is no video."""
    if track is None:
        return source.video_track(span)
    track.move(span)
    return track
