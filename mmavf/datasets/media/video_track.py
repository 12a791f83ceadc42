"""Frames of a video stream by index, decoded from its packets."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from mmavf.errors import ClipError

from .codec import TIME_TOLERANCE_SEC, open_codec, unit_sec
from .demux import Span
from .leading import drop_unshown
from .limits import MAX_PICTURE_PIXELS
from .media_errors import as_clip_errors
from .picture_order import PictureOrder
from .picture_shape import PictureShape
from .stamped_packet import StampedPacket
from .windows import gather_frames

# A "not coded" VOP of MPEG-4 (Xvid and DivX write them if a picture does not change) is only a header.
NOT_CODED_BYTES = 19
# Decoders that return damaged pictures without an error unless they are set to be strict.
LENIENT_CODECS = ('mjpeg', 'mpeg2video')
VP8_SHOWN = 0x10  # in the first byte of a frame of VP8 (RFC 6386, 9.1)


class VideoTrack:
    """The frames of a video stream in presentation order; a `FrameReader`.

    They all have one size: that of the first picture, with square pixels, after rotation by the display matrix (see
    `PictureShape`). Frames that an edit list hides are not counted, nor those at the beginning that no player can show
    (see `drop_unshown`). A "not coded" frame of MPEG-4 shows the picture before it.

    Args:
        path: The file, for messages.
        stream: The stream; its container may be closed after construction.
        span: The packets of the stream and others; of the frames only those in its time are counted.
        from_beginning: Returns the packets from the beginning of the file to a time.
        origin_sec: Stamp of the clip's time 0.

    Attributes:
        frame_times: (N,) float64, the time of each frame in seconds, ascending.

    Raises:
        ClipError: The pictures are too large.
    """

    def __init__(
        self,
        path: str,
        stream: av.VideoStream,
        span: Span,
        from_beginning: Callable[[float], list[StampedPacket]],
        origin_sec: float,
    ) -> None:
        self.path = path
        self._codec = open_codec(stream, path)
        self._codec.options = dict(max_pixels=str(MAX_PICTURE_PIXELS))
        if self._codec.name in LENIENT_CODECS:
            self._codec.options = dict(self._codec.options, err_detect='explode')
        self._index, self._shape = stream.index, PictureShape(path, stream, span.streams[stream.index].first)
        self._colours = self._codec.color_range, self._codec.colorspace
        self._reformatter = VideoReformatter()
        self._unit_sec, self._origin_sec = unit_sec(stream, path), origin_sec
        self._from_beginning = from_beginning
        self._position, self._last_pts, self._keys_begin = 0, -(2**63), True
        self._last_frame: av.VideoFrame | None = None
        self._packets: list[StampedPacket] = []
        self.move(span)

    def move(self, span: Span) -> None:
        """Go to the frames of another span of the same stream."""
        source, last = span.streams[self._index], self._packets[: self._position][-1:]
        self._packets, unshown = drop_unshown(self._codec, source.packets, source.begins)
        # the packets from the beginning, where those of the span begin later and have not been replaced by them
        self._earlier = partial(self._from_beginning, span.end_sec) if source.trimmed else None
        self._order = PictureOrder(self.path, self._codec, self._packets) if source.stamped_by_order else None
        keys = [(packet.pts, i) for i, packet in enumerate(self._packets) if self._is_key(packet)]
        self._keys = sorted(keys) if self._keys_begin else []
        self._not_coded = {p.pts for p in self._packets if self._codec.name == 'mpeg4' and p.size <= NOT_CODED_BYTES}
        # where the beginning of a part was looked at, the decoder was flushed
        self._begin, self._position = 0, 0 if source.begins else _place_behind(last, self._packets)
        self._pts = self._stamps_between(span.start_sec, span.end_sec, unshown)
        self._why_none = ' (those before its first key frame cannot be decoded)' if unshown else ''
        self.frame_times = np.array([self._time_of(pts) for pts in self._pts], dtype=np.float64)

    def require_frames(self, start_sec: float, end_sec: float) -> None:
        """Raise ClipError if no frame lies in the span, from `start_sec` to `end_sec`."""
        if not self._pts:
            raise ClipError(f'{self.path}: no video frame between {start_sec:g} and {end_sec:g} s{self._why_none}')

    def _is_key(self, packet: StampedPacket) -> bool:
        return packet.is_keyframe if self._order is None else self._order.begins_at(packet)

    def _time_of(self, pts: int) -> float:
        return pts * self._unit_sec - self._origin_sec

    def _stamps_between(self, start_sec: float, end_sec: float, unshown: set[int]) -> list[int]:
        shown = [p for p in self._packets if not p.is_discard and p.pts not in unshown]
        if self._codec.name == 'vp8':  # some frames are only references for others
            shown = [packet for packet in shown if memoryview(packet)[0] & VP8_SHOWN]
        first, last = start_sec - TIME_TOLERANCE_SEC, end_sec - TIME_TOLERANCE_SEC
        return sorted(packet.pts for packet in shown if first <= self._time_of(packet.pts) < last)

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames by index; repeated frames are decoded once.

        Returns:
            One (H, W, 3) uint8 RGB array per index, all of one size; equal indices share one array.

        Raises:
            ClipError: A frame is damaged or missing, the picture changes its shape, or all together are too large.
        """
        return gather_frames(indices, self.iter_frames, self.path)

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Decode frames one after the other, with only a few in memory. One iteration at a time.

        Args:
            indices: Ascending and distinct.

        Yields:
            One (H, W, 3) uint8 RGB array per index, all of one size.

        Raises:
            ClipError: A frame is damaged or missing, or the picture changes its shape.
        """
        self._position = 0
        yield from self.continue_frames(indices)

    def continue_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """As `iter_frames`, but go on from where decoding is, across `move`, instead of from the last key frame."""
        wanted = [self._pts[index] for index in indices]
        if wanted and wanted[0] <= self._last_pts:
            self._position = 0
        with as_clip_errors(self.path, 'video cannot be decoded'):
            yield from self._decode(wanted)

    def _decode(self, wanted: list[int]) -> Iterator[np.ndarray]:
        ready: dict[int, np.ndarray] = {}
        missing = set(wanted)
        for pts in wanted:
            key = self._key_before(pts)
            if pts in missing and key >= self._position:
                self._restart(key)
            while pts in missing:
                if self._last_pts > pts or self._position > len(self._packets):
                    self._begin_earlier(pts)
                self._feed(self._position, missing, ready)
                self._position += 1
            yield ready.pop(pts)

    def _restart(self, position: int) -> None:
        self._codec.flush_buffers()
        # colours declared by a later part of the stream stay in the decoder, and would apply to earlier ones
        self._codec.color_range, self._codec.colorspace = self._colours
        self._last_pts, self._last_frame = -(2**63), None
        self._begin = self._position = position
        if self._order is not None:
            self._order.restart(self._packets[position])

    def _begin_earlier(self, pts: int) -> None:
        """Decode from the beginning of the file, as decoding from its key frame did not give frame `pts`.

        Decoding cannot start at every key frame: with intra refresh it marks where a picture starts to be rebuilt,
        strip by strip. From now on key frames are not trusted.
        """
        if self._begin == 0:
            if self._earlier is None:
                raise ClipError(f'{self.path}: the video frame at {self._time_of(pts):.2f} s could not be decoded')
            self._packets, _ = drop_unshown(self._codec, self._earlier(), [0])
            self._earlier = None
        self._keys_begin = False
        self._keys.clear()
        self._restart(0)

    def _key_before(self, pts: int) -> int:
        place = bisect_right(self._keys, (pts, len(self._packets)))
        return self._keys[place - 1][1] if place else 0

    def _feed(self, position: int, missing: set[int], ready: dict[int, np.ndarray]) -> None:
        """Decode one packet (past the last: flush the decoder) and move its requested frames to `ready`."""
        packet = self._packets[position] if position < len(self._packets) else None
        for frame in self._codec.decode(packet):
            if frame.pts is None:
                raise ClipError(f'{self.path}: the video frames have no time stamps: the file is damaged')
            pts = frame.pts if self._order is None else self._order.next_stamp(frame.pts)
            if pts <= self._last_pts:
                raise ClipError(f'{self.path}: the stamps of the video frames do not ascend: re-encode the file as mp4')
            if frame.key_frame and frame.width == self._codec.width:
                self._shape.check_ratio(self._codec)
            self._repeat_until(pts, missing, ready)
            self._last_pts, self._last_frame = pts, frame
            if pts in missing:
                ready[pts] = self._to_rgb(frame, pts)
                missing.remove(pts)
        if packet is None:
            self._repeat_until(2**63, missing, ready)

    def _repeat_until(self, end: int, missing: set[int], ready: dict[int, np.ndarray]) -> None:
        """Use the last picture for frames before `end` that are not coded."""
        for pts in missing & self._not_coded:
            if self._last_frame is not None and self._last_pts < pts < end:
                ready[pts] = self._to_rgb(self._last_frame, pts)
                missing.remove(pts)

    def _to_rgb(self, frame: av.VideoFrame, pts: int) -> np.ndarray:
        if frame.is_corrupt:
            raise ClipError(f'{self.path}: the video frame at {self._time_of(pts):.2f} s is damaged')
        size = self._shape.size_for(frame)
        scaling: dict[str, Any] = {} if size is None else dict(width=size[0], height=size[1], interpolation='BICUBIC')
        # one thread: starting more takes six times as long as a small frame
        image = self._reformatter.reformat(frame, format='rgb24', threads=1, **scaling).to_ndarray()  # (H, W, 3)
        quarter_turns = round(frame.rotation / 90)
        return np.rot90(image, quarter_turns) if quarter_turns else image


def _place_behind(last: list[StampedPacket], packets: list[StampedPacket]) -> int:
    """Return the position behind packet `last`, by its stamps; 0 if it is not there."""
    stamps = [(packet.pts, packet.dts) for packet in last]
    return next((i + 1 for i, packet in enumerate(packets) if [(packet.pts, packet.dts)] == stamps), 0)
