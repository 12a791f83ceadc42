"""Frames of a video whose packets are known from the index of its file."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mmavf.errors import ClipError

from .mp4_index import Mp4Index, UnusualPacketError
from .video_track import VideoTrack
from .windows import gather_frames


class IndexedVideo:
    """The frames of a video whose packets are known from the index of its file; a `FrameReader`.

    Only the packets are made that the requested frames depend on. If one of them is not what the index lets expect, or
    cannot be decoded, the packets are listed after all, and the frames or the error are those of that.

    Args:
        path: The file, for messages.
        index: The index.
        frame_times: (N,) float64, the time of each frame in seconds, ascending.
        track: The frames of the first packet, which others replace.
        list_packets: Returns the frames of all packets, listed.
    """

    def __init__(
        self,
        path: str,
        index: Mp4Index,
        frame_times: np.ndarray,
        track: VideoTrack,
        list_packets: Callable[[], VideoTrack],
    ) -> None:
        self.path, self.frame_times = path, frame_times
        self._index, self._track, self._list_packets = index, track, list_packets
        self._listed: VideoTrack | None = None

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames by index, as `VideoTrack.read_frames` does."""
        return gather_frames(indices, self.iter_frames, self.path)

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Decode frames one after the other, as `VideoTrack.iter_frames` does."""
        done = 0
        if self._listed is None:
            try:
                for frame in self._decode(np.asarray(indices, dtype=np.int64)):
                    yield frame
                    done += 1
            except (ClipError, UnusualPacketError):
                self._listed = self._list_packets()
        if self._listed is not None:
            yield from self._listed.iter_frames(indices[done:])

    def _decode(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        numbers = self._index.numbers_for(wanted)
        self._track.move(self._index.span(numbers))
        yield from self._track.iter_frames(np.searchsorted(numbers, wanted).tolist())
