"""The sound of a media file of any length."""

import threading
from collections.abc import Sequence
from contextlib import closing

import numpy as np

from mmavf.errors import ClipError

from .audio_track import AudioTrack
from .channels import Channel
from .open_spans import open_spans
from .sound_window import empty_window

# A window is decoded from the packets that it would be decoded from if all were in memory.
MARGIN_SEC = 1.0


class LongSound:
    """The sound of a media file of any length, with the packets of one span in memory; a `SoundReader`.

    Threads may read at the same time.

    Args:
        path: The file.
        kinds: Which streams are read: the time of a concatenated file depends on all of them.
        span_sec: Length of the part that is in memory.
        channel: Number of the channel to use, from 1, or 'mean'; None: the rule of `mix_down`.
        duration_sec: Time at which the sound ends; None: it has no samples.

    Raises:
        ClipError: FFmpeg has no decoder for the sound.
    """

    def __init__(
        self, path: str, kinds: Sequence[str], span_sec: float, channel: Channel, duration_sec: float | None
    ) -> None:
        self.path, self._kinds, self._span_sec, self._channel = path, kinds, span_sec, channel
        self._lock = threading.Lock()
        self._track = self._open(0.0, span_sec)
        self._times = None if duration_sec is None else (self._track.start_sec, duration_sec)

    @property
    def start_sec(self) -> float:
        """Start of the sound in seconds from the start of the file.

        Raises:
            ClipError: The stream holds no sound.
        """
        return self._require_times()[0]

    @property
    def duration_sec(self) -> float:
        """End of the sound in seconds from the start of the file.

        Raises:
            ClipError: The stream holds no sound.
        """
        return self._require_times()[1]

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Decode the window [start_sec, end_sec) as mono 16 kHz, as `AudioTrack.read_audio` does."""
        empty_window(start_sec, end_sec, self.path)
        with self._lock:
            if not (self._begin_sec <= start_sec and end_sec <= self._end_sec):
                self._track = self._open(start_sec, max(start_sec + self._span_sec, end_sec))
            return self._track.read_audio(start_sec, end_sec)

    def _require_times(self) -> tuple[float, float]:
        if self._times is None:
            raise ClipError(f'{self.path}: the sound stream has no samples')
        return self._times

    def _open(self, start_sec: float, end_sec: float) -> AudioTrack:
        self._begin_sec, self._end_sec = start_sec, end_sec
        begin_sec = max(start_sec - MARGIN_SEC, 0.0)
        with closing(open_spans(self.path, self._kinds, 'audio', begin_sec, end_sec - begin_sec)) as spans:
            source, span = next(spans)
            track = source.audio_track(span, self._channel)
        if track is None:
            raise ClipError(f'{self.path}: its sound is gone: the file has changed while it was read')
        return track
