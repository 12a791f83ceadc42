"""Media files of any length, of which only a part is in memory at a time."""

from collections.abc import Sequence

import numpy as np

from .channels import Channel
from .interfaces import FrameReader, SoundReader
from .long_sound import LongSound
from .long_video import LongVideo, moved_track
from .open_spans import open_spans
from .sound_file import SoundFile, UnknownToLibsndfileError


class LongMedia:
    """A media file of any length: the frames, times and samples of `MediaFile`, with bounded memory.

    The file is read once when it is opened, and its packets are dropped again. Frames and sound are then read span
    after span, from containers of their own, so that threads do not disturb each other. Two things are in memory as a
    whole: the video of an avi with B-frames, whose stamps depend on all its pictures; and until the next span what lies
    before the first wanted frame, if decoding cannot begin at the key frames of the video (intra refresh).

    Args:
        path: The file. One with the suffix of a sound file is read as by `open_sound`.
        span_sec: Length of the part that is in memory.
        kinds, channel: As those of `MediaFile`, whose attributes and errors are also the same.
    """

    def __init__(
        self,
        path: str,
        span_sec: float = 60.0,
        kinds: Sequence[str] = ('video', 'audio'),
        channel: Channel = None,
    ) -> None:
        self.path = path
        self.video: FrameReader | None = None
        self.audio: SoundReader | None = _sound_file(path, channel) if 'audio' in kinds else None
        if self.audio is None:
            self._open(span_sec, kinds, channel)

    def _open(self, span_sec: float, kinds: Sequence[str], channel: Channel) -> None:
        times, track = [], None
        for source, span in open_spans(self.path, kinds, 'video', 0.0, span_sec):
            track = moved_track(track, source, span)
            if track is not None:
                times.append(track.frame_times)
            # of a container that is closed nothing may be asked
            has_sound, sound_end_sec = source.audio is not None, source.sound_end_sec(span)
        if track is not None:
            found = np.concatenate(times)
            if not len(found):  # the last span alone may show none
                track.require_frames(0.0, float('inf'))
            self.video = LongVideo(self.path, kinds, span_sec, found)
        if has_sound:
            self.audio = LongSound(self.path, kinds, span_sec, channel, sound_end_sec)


def _sound_file(path: str, channel: Channel) -> SoundFile | None:
    if not path.lower().endswith(SoundFile.SUFFIXES):
        return None
    try:
        return SoundFile(path, channel=channel)
    except UnknownToLibsndfileError:  # FFmpeg may know it
        return None
