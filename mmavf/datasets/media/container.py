"""Opening of media files (mp4, mov, mkv, avi, mpg, ...) with PyAV.

A file is demuxed once, from its beginning, and its packets are decoded on demand from the key frame before the first
frame that is wanted. Nothing is sought: seeking lands a group of pictures too late in MPEG program streams, and readers
that number frames by packets (decord 0.6) return shifted frames there and in mp4 files with an edit list.
"""

from collections.abc import Iterator

import av

from mmavf.errors import ClipError

from .audio_track import PREROLL_SEC, AudioTrack
from .video_track import VideoTrack

# A track that ends this much earlier than the file's own table says is cut off.
CUT_TOLERANCE_SEC = 0.5


class MediaFile:
    """A media file, opened, with its packets in memory and nothing decoded yet.

    Times are seconds from the start of the file (of its earliest stream), by the stamps in the file. Of several video
    or sound streams the one that FFmpeg ranks best is taken.

    Args:
        path: The file.
        start_sec: Use only what lies at or after this time.
        end_sec: Use only what lies before this time; None means to the end. Packets outside are not kept in memory.

    Attributes:
        video: The video, or None where the file has none.
        audio: The sound, or None where the file has none.

    Raises:
        ClipError: Not a media file, damaged beyond opening, or cut off.
    """

    def __init__(self, path: str, start_sec: float = 0.0, end_sec: float | None = None) -> None:
        self.path = path
        self._span_sec = (start_sec, float('inf') if end_sec is None else end_sec)
        try:
            # tags in odd encodings are no reason to refuse a clip
            self._container = av.open(path, metadata_errors='ignore')
            tracks = self._read_tracks()
        except (av.FFmpegError, OSError) as error:
            raise ClipError(f'{path}: cannot be opened as media ({error.strerror})') from error
        self.video, self.audio = tracks

    def _read_tracks(self) -> tuple[VideoTrack | None, AudioTrack | None]:
        streams = self._container.streams
        video, audio = streams.best('video'), streams.best('audio')
        packets = {stream.index: [] for stream in (video, audio) if stream is not None}
        for packet in self._demux(list(packets)):
            kept = packets[packet.stream.index]
            if packet.stream is video and packet.is_keyframe and self._time(packet) <= self._span_sec[0]:
                kept.clear()
            kept.append(packet)
        for index, kept in packets.items():
            self._check_complete(streams[index], kept)
        return (
            VideoTrack(self.path, video, packets[video.index], self._origin_sec, *self._span_sec) if video else None,
            AudioTrack(self.path, audio, packets[audio.index], self._origin_sec) if audio else None,
        )

    def _demux(self, stream_indices: list[int]) -> Iterator[av.Packet]:
        """Yield the packets of the span; sound from a little before its start, video from the file's start."""
        start_sec, end_sec = self._span_sec
        running = set(stream_indices)
        for packet in self._container.demux([self._container.streams[i] for i in stream_indices]) if running else ():
            if packet.pts is None:  # the empty packet that ends a stream
                continue
            if packet.stream.type == 'audio' and self._time(packet) < start_sec - PREROLL_SEC:
                continue
            # by decoding stamps, which ascend; streams may be interleaved coarsely, so wait for each of them
            if packet.dts is not None and packet.dts * packet.time_base - self._origin_sec > end_sec:
                running.discard(packet.stream.index)
                if not running:
                    return
            yield packet

    def _check_complete(self, stream: av.stream.Stream, packets: list[av.Packet]) -> None:
        """Compare the last stamp with the length in the file's own table, where it has one (mp4, mov, avi)."""
        if not (stream.frames and stream.duration) or self._span_sec[1] != float('inf'):
            return
        announced_sec = float(stream.duration * stream.time_base)
        first_sec = float((stream.start_time or 0) * stream.time_base)
        last_sec = max((float((p.pts + (p.duration or 0)) * p.time_base) for p in packets), default=first_sec)
        if last_sec - first_sec < announced_sec - CUT_TOLERANCE_SEC:
            raise ClipError(
                f'{self.path}: {stream.type} ends at {last_sec - first_sec:.2f} s of {announced_sec:.2f} s: '
                'the file is cut off'
            )

    @property
    def _origin_sec(self) -> float:
        return (self._container.start_time or 0) / av.time_base

    def _time(self, packet: av.Packet) -> float:
        return float(packet.pts * packet.time_base) - self._origin_sec
