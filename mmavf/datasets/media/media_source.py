"""The streams of a media file that are used, where its time begins, and what is made of their packets."""

from collections.abc import Sequence
from functools import partial
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition, Stream

from mmavf.errors import ClipError

from .audio_track import AudioTrack
from .channels import Channel
from .codec import TIME_TOLERANCE_SEC, open_codec, unit_sec
from .demux import Demuxer, Span
from .indexed_video import IndexedVideo
from .media_errors import as_clip_errors
from .mp4_index import read_index
from .open_container import OPENING_FAILED, open_container
from .stamped_packet import StampedPacket
from .video_track import VideoTrack

COVER = Disposition.attached_pic | Disposition.timed_thumbnails


class MediaSource:
    """The streams of an opened media file that are used: of several of a kind the one that FFmpeg ranks best.

    Args:
        path: The file, for messages.
        container: The file, opened.
        kinds: Which streams are used.
        data: The bytes of the file; `path` is then only its name.

    Attributes:
        video: The video, which is no cover picture; None if there is none or it is not used.
        audio: The sound; None if there is none or it is not used.
        origin_sec: Stamp of the clip's time 0, that of the earliest stream.
    """

    def __init__(
        self, path: str, container: InputContainer, kinds: Sequence[str], data: bytes | memoryview | None = None
    ) -> None:
        self._path, self._container, self._kinds, self._data = path, container, kinds, data
        self.video = _best_video(container) if 'video' in kinds else None
        self.audio = cast('av.AudioStream | None', container.streams.best('audio')) if 'audio' in kinds else None
        self.origin_sec = (container.start_time or 0) / av.time_base
        if self.audio is not None and 'matroska' in container.format.name:
            self.origin_sec = _without_opus_error(path, self.audio, data, self.origin_sec)

    def demuxer(self, kept: Sequence[str] = ('video', 'audio')) -> Demuxer:
        """Return the demuxer of the streams, which keeps the packets of those of the kinds `kept`."""
        streams: list[Stream] = [stream for stream in (self.video, self.audio) if stream is not None]
        keep = [stream for stream in streams if stream.type in kept]
        return Demuxer(self._path, self._data, self._container, streams, self.origin_sec, keep)

    def video_track(self, span: Span) -> VideoTrack | None:
        """Return the video of a span that was read; None if there is none or it is not used."""
        if self.video is None:
            return None
        from_beginning = partial(_read_from_beginning, self._path, self._data, self._kinds)
        return VideoTrack(self._path, self.video, span, from_beginning, self.origin_sec)

    def indexed_video(self) -> IndexedVideo | None:
        """Return the whole video by the index of the file; None if that is not to be trusted, or sound is used, too."""
        if self.video is None or self.audio is not None:
            return None
        index = read_index(self._path, self._data, self.video)
        track = None if index is None else self.video_track(index.span([0]))
        if index is None or track is None:
            return None
        times = np.array(index.stamps) * unit_sec(self.video, self._path) - self.origin_sec
        if times[0] < -TIME_TOLERANCE_SEC:  # such frames are left out
            return None
        return IndexedVideo(self._path, index, times, track, partial(_list_packets, self._path, index.data))

    def audio_track(self, span: Span, channel: Channel) -> AudioTrack | None:
        """Return the sound of a span that was read; None if there is none or it is not used."""
        if self.audio is None:
            return None
        packets = span.streams[self.audio.index].packets
        return AudioTrack(self._path, self.audio, packets, self.origin_sec, channel)

    def sound_end_sec(self, span: Span) -> float | None:
        """Return where the sound that was read up to `span` ends; None if there is none."""
        last = None if self.audio is None else span.streams[self.audio.index].last
        if last is None or self.audio is None:
            return None
        return (last.pts + (last.duration or 0)) * unit_sec(self.audio, self._path) - self.origin_sec


def _best_video(container: InputContainer) -> av.VideoStream | None:
    videos = [stream for stream in container.streams.video if not stream.disposition & COVER]
    best = container.streams.best('video')
    return best if best in videos else next(iter(videos), None)


def _without_opus_error(path: str, audio: av.AudioStream, data: bytes | memoryview | None, origin_sec: float) -> float:
    """Return the start of a Matroska file, which FFmpeg sets too late where Opus of less than 48 kHz decides it.

    Opus counts its pre-skip at 48 kHz; FFmpeg divides it by the encoded rate. Its decoder is right.
    """
    unit = unit_sec(audio, path)
    starts_first = abs((audio.start_time or 0) * unit - origin_sec) <= unit
    if not starts_first or open_codec(audio, path).name != 'opus':
        return origin_sec
    with open_container(path, data) as container:  # another, as packets that were read do not come again
        first = next((packet for packet in container.demux(container.streams[audio.index]) if packet.size), None)
    blocks = [] if first is None else audio.codec_context.decode(first)
    audio.codec_context.flush_buffers()
    return blocks[0].pts * unit if blocks and blocks[0].pts is not None else origin_sec


def _list_packets(path: str, data: bytes | memoryview) -> VideoTrack:
    """Return the video of a file without sound by its packets."""
    with as_clip_errors(path, OPENING_FAILED), open_container(path, data) as container:
        source = MediaSource(path, container, ('video',), data)
        track = source.video_track(source.demuxer().read(0.0, float('inf')))
    assert track is not None  # else it had no index
    track.require_frames(0.0, float('inf'))
    return track


def _read_from_beginning(
    path: str, data: bytes | memoryview | None, kinds: Sequence[str], end_sec: float
) -> list[StampedPacket]:
    """Return the packets of the video from the beginning of the file to `end_sec`."""
    with open_container(path, data) as container:
        source = MediaSource(path, container, kinds, data)
        if source.video is None:
            raise ClipError(f'{path}: its video is gone: the file has changed while it was read')
        return source.demuxer(('video',)).read(float('-inf'), end_sec).streams[source.video.index].packets
