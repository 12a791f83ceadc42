"""Opening of media files (mp4, mov, mkv, avi, mpg, ...) with PyAV.

A file is demuxed once, from its beginning, and its packets are decoded on demand from the key frame before the first
frame that is wanted. Nothing is sought: seeking lands a group of pictures too late in MPEG program streams, and readers
that number frames by packets (decord 0.6) return shifted frames there and in mp4 files with an edit list.
"""

import io
import os
from collections.abc import Iterator, Sequence

import av
from av.stream import Stream

from mmavf.errors import ClipError

from .audio_track import PREROLL_SEC, AudioTrack
from .channels import Channel
from .video_track import VideoTrack

# A track that ends this much earlier than the file's own table says is cut off.
CUT_TOLERANCE_SEC = 0.5


# tags in odd encodings are no reason to refuse a clip; from PyAV 19 on they never are
_ANY_TAGS = {} if int(av.__version__.partition('.')[0]) >= 19 else dict(metadata_errors='ignore')


class MediaFile:
    """A media file, opened, with its packets in memory and nothing decoded yet.

    Times are seconds from the start of the file (of its earliest stream), by the stamps in the file. Of several video
    or sound streams the one that FFmpeg ranks best is taken.

    Args:
        path: The file.
        start_sec: Use only what lies at or after this time.
        end_sec: Use only what lies before this time; None means to the end. Packets outside are not kept in memory.
        kinds: What is looked at; a stream of the other kind may be damaged.
        channel: Number of the channel of the sound to take, counted from 1, or 'mean'; None: the rule of `mix_down`.
        data: The bytes of the file; `path` is only its name then.

    Attributes:
        video: The video, or None where the file has none or it is not looked at.
        audio: The sound, or None where the file has none or it is not looked at.

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
        self.path = path
        self._start_sec, self._end_sec = start_sec, float('inf') if end_sec is None else end_sec
        try:
            # an absolute path: FFmpeg takes what stands before a colon, as in 12:30.mp4, for a protocol
            self._container = av.open(os.path.abspath(path) if data is None else io.BytesIO(data), **_ANY_TAGS)
            self._origin_sec = (self._container.start_time or 0) / av.time_base
            best = self._container.streams.best
            video, audio = (best(kind) if kind in kinds else None for kind in ('video', 'audio'))
            packets = self._demux([stream for stream in (video, audio) if stream is not None])
        except (av.FFmpegError, OSError) as error:
            raise ClipError(f'{path}: cannot be opened as media ({error.strerror})') from error
        self.video = self.audio = None
        if video is not None:
            self.video = VideoTrack(path, video, packets[video.index], self._origin_sec, start_sec, self._end_sec)
        if audio is not None:
            self.audio = AudioTrack(path, audio, packets[audio.index], self._origin_sec, channel)

    def _demux(self, streams: list[Stream]) -> dict[int, list[av.Packet]]:
        """Return the packets of each stream that are needed for the span."""
        packets = {stream.index: [] for stream in streams}
        units = {stream.index: float(stream.time_base) for stream in streams}  # fractions are slow
        # where decoding begins, in the last key packet before that; one of sound may be seconds long
        begins = {s.index: self._start_sec - (PREROLL_SEC if s.type == 'audio' else 0) for s in streams}
        ends = dict.fromkeys(packets, 0)
        running = set(packets)
        for packet in self._packets_of(streams):
            if packet.size == 0:  # ends a stream, or stands for a frame that was dropped
                continue
            stream = packet.stream
            if packet.pts is None:
                raise ClipError(f'{self.path}: {stream.type} without time stamps: write it anew as mp4')
            ends[stream.index] = max(ends[stream.index], packet.pts + (packet.duration or 0))
            kept, time = packets[stream.index], packet.pts * units[stream.index] - self._origin_sec
            if packet.is_keyframe and time <= begins[stream.index]:
                kept.clear()
            kept.append(packet)
            # decoding stamps ascend; streams may be interleaved coarsely, so wait for each of them
            if packet.dts is not None and packet.dts * units[stream.index] - self._origin_sec > self._end_sec:
                running.discard(stream.index)
                if not running:
                    return packets
        for stream in streams:
            self._check_complete(stream, ends[stream.index])
        return packets

    def _packets_of(self, streams: list[Stream]) -> Iterator[av.Packet]:
        try:
            yield from self._container.demux(streams) if streams else ()
        except IndexError as error:  # PyAV meets a packet of a stream that the header does not have
            raise ClipError(f'{self.path}: a stream begins in the middle of the file: it is damaged') from error

    def _check_complete(self, stream: Stream, end: int) -> None:
        """Compare the end of the last packet (a stamp) with the file's own table, where that is exact (mp4, mov)."""
        if 'mp4' not in self._container.format.name or not stream.duration:
            return
        missing_sec = float(((stream.start_time or 0) + stream.duration - end) * stream.time_base)
        if missing_sec > CUT_TOLERANCE_SEC:
            raise ClipError(f'{self.path}: {stream.type} lacks the last {missing_sec:.2f} s: the file is cut off')
