"""Opening of media files (mp4, mov, mkv, avi, mpg, ...) with PyAV.

A file is demuxed once, from its beginning, and its packets are decoded on demand from the key frame before the first
requested frame. There is no seeking, which lands a group of pictures too late in MPEG program streams, and readers
that number frames by packets (decord 0.6) return shifted frames there and in mp4 files with an edit list.
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

import av
from av.container import InputContainer
from av.stream import Disposition, Stream

from mmavf.errors import ClipError

from .audio_track import AudioTrack
from .channels import Channel
from .codec import open_codec, unit_sec
from .demux import Demuxer
from .media_errors import as_clip_errors
from .open_container import OPENING_FAILED, open_container
from .stamped_packet import StampedPacket
from .video_track import VideoTrack

COVER = Disposition.attached_pic | Disposition.timed_thumbnails


class MediaFile:
    """A media file, opened, with its packets in memory and nothing decoded yet; the file itself is closed again.

    Times are seconds from the start of the file (of its earliest stream), by the stamps in the file; those of files
    that were concatenated into one file continue (see `join_parts`). Of several video or sound streams the one that
    FFmpeg ranks best is used; a cover picture is not a video.

    Args:
        path: The file.
        start_sec: Use only what lies at or after this time.
        end_sec: Use only what lies before this time; None means to the end. Packets outside are not kept in memory.
        kinds: Which streams are read; those of the other kind may be damaged.
        channel: Number of the sound channel to use, from 1, or 'mean'; None: the rule of `mix_down`.
        data: The bytes of the file; `path` is then only its name.

    Attributes:
        video: The video; None if the file has none or it is not read.
        audio: The sound; None if the file has none or it is not read.

    Raises:
        ClipError: Not a media file, damaged beyond opening, or cut off.
    """

    def __init__(
        self,
        path: str,
        start_sec: float = 0.0,
        end_sec: float | None = None,
        kinds: Sequence[str] = ('video', 'audio'),
        channel: Channel = None,
        data: bytes | memoryview | None = None,
    ) -> None:
        self.path, self._data, self._channel = path, data, channel
        self.video: VideoTrack | None = None
        self.audio: AudioTrack | None = None
        end_sec = float('inf') if end_sec is None else end_sec
        # closing breaks the reference cycles of a container, so that its memory is freed when it is no longer used
        with as_clip_errors(path, OPENING_FAILED), open_container(path, data) as container:
            self._open_tracks(container, start_sec, end_sec, kinds)

    def _open_tracks(self, container: InputContainer, start_sec: float, end_sec: float, kinds: Sequence[str]) -> None:
        video = _best_video(container) if 'video' in kinds else None
        audio = _best_audio(container) if 'audio' in kinds else None
        streams: list[Stream] = [stream for stream in (video, audio) if stream is not None]
        origin_sec = _origin_sec(container)
        taken = Demuxer(self.path, container, streams, origin_sec).read(start_sec, end_sec)
        if audio is not None and 'matroska' in container.format.name:
            origin_sec = _without_opus_error(self.path, audio, taken[audio.index].first, origin_sec)
        if video is not None:
            source = taken[video.index]
            from_beginning = partial(_read_from_beginning, self.path, self._data, end_sec) if source.trimmed else None
            self.video = VideoTrack(self.path, video, source, from_beginning, origin_sec, start_sec, end_sec)
        if audio is not None:
            self.audio = AudioTrack(self.path, audio, taken[audio.index].packets, origin_sec, self._channel)


def _best_video(container: InputContainer) -> av.VideoStream | None:
    videos = [stream for stream in container.streams.video if not stream.disposition & COVER]
    best = container.streams.best('video')
    return best if best in videos else next(iter(videos), None)


def _best_audio(container: InputContainer) -> av.AudioStream | None:
    return cast('av.AudioStream | None', container.streams.best('audio'))


def _origin_sec(container: InputContainer) -> float:
    return (container.start_time or 0) / av.time_base


def _without_opus_error(path: str, audio: av.AudioStream, first: StampedPacket | None, origin_sec: float) -> float:
    """Return the start of a Matroska file, which FFmpeg sets too late where Opus of less than 48 kHz decides it.

    Opus counts its pre-skip at 48 kHz; FFmpeg divides it by the encoded rate. Its decoder is right.
    """
    unit = unit_sec(audio, path)
    starts_first = abs((audio.start_time or 0) * unit - origin_sec) <= unit
    if first is None or not starts_first or open_codec(audio, path).name != 'opus':
        return origin_sec
    blocks = audio.codec_context.decode(first)
    audio.codec_context.flush_buffers()
    return blocks[0].pts * unit if blocks and blocks[0].pts is not None else origin_sec


def _read_from_beginning(path: str, data: bytes | memoryview | None, end_sec: float) -> list[StampedPacket]:
    with open_container(path, data) as container:
        video = _best_video(container)
        if video is None:
            raise ClipError(f'{path}: its video is gone: the file has changed while it was read')
        taken = Demuxer(path, container, [video], _origin_sec(container)).read(float('-inf'), end_sec)
        return taken[video.index].packets
