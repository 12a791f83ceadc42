"""Frames of a video stream by index, decoded from its packets."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from mmavf.errors import ClipError

from .codec import TIME_TOLERANCE_SEC, open_codec

# A "not coded" VOP of MPEG-4 (Xvid and DivX write them where a picture does not change) is a header alone.
NOT_CODED_BYTES = 19
# Decoders that show damaged pictures as if they were whole unless they are told to be strict.
LENIENT_CODECS = ('mjpeg', 'mpeg2video')


class VideoTrack:
    """The frames of a video stream in presentation order.

    Rotation by the display matrix is honoured. Frames that an edit list hides are not counted. A "not coded" frame of
    MPEG-4 shows the picture before it.

    Args:
        path: The file, for messages.
        stream: The stream; its container must stay open.
        packets: Its packets in decoding order, from a key frame on.
        origin_sec: Stamp of the clip's time 0.
        start_sec: Frames before this time are left out.
        end_sec: Frames at or after this time are left out.

    Attributes:
        frame_times: (N,) float64, the time of each frame in seconds, ascending, N > 0.

    Raises:
        ClipError: No frame lies in [start_sec, end_sec).
    """

    def __init__(
        self,
        path: str,
        stream: av.VideoStream,
        packets: list[av.Packet],
        origin_sec: float,
        start_sec: float,
        end_sec: float,
    ) -> None:
        self.path = path
        self._codec = open_codec(stream, path)
        if self._codec.name in LENIENT_CODECS:
            self._codec.options = dict(err_detect='explode')
        self._reformatter = VideoReformatter()
        self._packets = packets
        self._keys = sorted((packet.pts, i) for i, packet in enumerate(packets) if packet.is_keyframe)
        self._not_coded = {p.pts for p in packets if self._codec.name == 'mpeg4' and p.size <= NOT_CODED_BYTES}
        self._unit_sec = float(stream.time_base)
        times = {p.pts: p.pts * self._unit_sec - origin_sec for p in packets if not p.is_discard}
        first, last = start_sec - TIME_TOLERANCE_SEC, end_sec - TIME_TOLERANCE_SEC
        self._pts = sorted(pts for pts, time in times.items() if first <= time < last)
        self.frame_times = np.array([times[pts] for pts in self._pts], dtype=np.float64)
        if not self._pts:
            raise ClipError(f'{path}: no video frame between {start_sec:g} and {end_sec:g} s')

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode frames by index; a frame asked for twice is decoded once.

        Returns:
            One (H, W, 3) uint8 RGB array per index; equal indices share one array.

        Raises:
            ClipError: A frame is damaged or missing.
        """
        order = sorted(set(indices))
        frames = dict(zip(order, self.iter_frames(order), strict=True))
        return [frames[index] for index in indices]

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Decode frames one after the other; no more than a few are in memory. One iteration at a time.

        Args:
            indices: Ascending and distinct.

        Yields:
            One (H, W, 3) uint8 RGB array per index.

        Raises:
            ClipError: A frame is damaged or missing.
        """
        try:
            yield from self._decode([self._pts[index] for index in indices])
        except av.FFmpegError as error:
            raise ClipError(f'{self.path}: video cannot be decoded ({error.strerror})') from error

    def _decode(self, wanted: list[int]) -> Iterator[np.ndarray]:
        ready: dict[int, np.ndarray] = {}
        missing = set(wanted)
        position = 0  # of the next packet to feed
        for pts in wanted:
            key = self._key_before(pts)
            if pts in missing and key >= position:
                position = self._restart(key)
            while pts in missing:
                if self._last_pts > pts or position > len(self._packets):
                    position = self._begin_earlier(pts)
                self._feed(position, missing, ready)
                position += 1
            yield ready.pop(pts)

    def _restart(self, position: int) -> int:
        self._codec.flush_buffers()
        self._last_pts, self._last_frame, self._begin = -(2**63), None, position
        return position

    def _begin_earlier(self, pts: int) -> int:
        """Decode from the first packet on, as frame `pts` did not come from its key frame on.

        Not every key frame is one that decoding can begin with: with intra refresh it marks where a picture starts to
        be rebuilt, strip by strip. None is trusted any more.
        """
        if self._begin == 0:
            raise ClipError(f'{self.path}: the video frame at {pts * self._unit_sec:.2f} s could not be decoded')
        self._keys.clear()
        return self._restart(0)

    def _key_before(self, pts: int) -> int:
        place = bisect_right(self._keys, (pts, len(self._packets)))
        return self._keys[place - 1][1] if place else 0

    def _feed(self, position: int, missing: set[int], ready: dict[int, np.ndarray]) -> None:
        """Decode one packet (past the last: what the decoder still holds); what is missing of it becomes ready."""
        packet = self._packets[position] if position < len(self._packets) else None
        for frame in self._codec.decode(packet):
            if frame.pts is None:
                raise ClipError(f'{self.path}: video frames without time stamps: it is damaged')
            if frame.pts <= self._last_pts:  # H.264 with B-frames in avi: FFmpeg guesses its stamps, and wrongly
                raise ClipError(f'{self.path}: the stamps of the video frames do not ascend: write it anew as mp4')
            self._repeat_until(frame.pts, missing, ready)
            self._last_pts, self._last_frame = frame.pts, frame
            if frame.pts in missing:
                ready[frame.pts] = self._to_rgb(frame)
                missing.remove(frame.pts)
        if packet is None:
            self._repeat_until(2**63, missing, ready)

    def _repeat_until(self, end: int, missing: set[int], ready: dict[int, np.ndarray]) -> None:
        """Let the last picture stand for frames before `end` that are not coded."""
        for pts in missing & self._not_coded:
            if self._last_frame is not None and self._last_pts < pts < end:
                ready[pts] = self._to_rgb(self._last_frame)
                missing.remove(pts)

    def _to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        if frame.is_corrupt:
            raise ClipError(f'{self.path}: the video frame at {frame.time:.2f} s is damaged')
        # one thread: to start more takes six times as long as a small frame
        image = self._reformatter.reformat(frame, format='rgb24', threads=1).to_ndarray()  # (H, W, 3)
        quarter_turns = round(frame.rotation / 90)
        return np.rot90(image, quarter_turns) if quarter_turns else image
