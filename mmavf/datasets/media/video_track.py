"""Frames of a video stream by index, decoded from its packets."""

from collections.abc import Sequence

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from mmavf.errors import ClipError


class VideoTrack:
    """The frames of a video stream in presentation order.

    Rotation by the display matrix is honoured. Frames that an edit list hides are not counted.

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
        self._codec = stream.codec_context
        self._codec.thread_count = 1  # data workers are the parallelism
        self._reformatter = VideoReformatter()
        self._packets = packets
        self._keys = [(i, packet.pts) for i, packet in enumerate(packets) if packet.is_keyframe]
        unit_sec = float(stream.time_base)
        times = {p.pts: p.pts * unit_sec - origin_sec for p in packets if not p.is_discard}
        self._pts = sorted(pts for pts, time in times.items() if start_sec <= time < end_sec)
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
        wanted = sorted({self._pts[index] for index in indices})
        try:
            frames = self._decode(wanted)
        except av.FFmpegError as error:
            raise ClipError(f'{self.path}: video cannot be decoded ({error.strerror})') from error
        return [frames[self._pts[index]] for index in indices]

    def _decode(self, wanted: list[int]) -> dict[int, np.ndarray]:
        frames: dict[int, np.ndarray] = {}
        self._restart()
        position = -1  # of the last packet that was fed
        for pts in wanted:
            key = self._key_before(pts)
            if pts not in frames and key > position:
                self._restart()
                position = key - 1
            while pts not in frames:
                position += 1
                self._feed(position, set(wanted), frames)
        return frames

    def _restart(self) -> None:
        self._codec.flush_buffers()
        self._last_pts = -(2**63)

    def _key_before(self, pts: int) -> int:
        return max((i for i, key_pts in self._keys if key_pts <= pts), default=0)

    def _feed(self, position: int, wanted: set[int], frames: dict[int, np.ndarray]) -> None:
        """Decode one packet (past the last: what the decoder still holds) and keep the wanted frames."""
        if position > len(self._packets):
            missing = len(wanted - frames.keys())
            raise ClipError(f'{self.path}: {missing} of {len(wanted)} video frames could not be decoded')
        packet = self._packets[position] if position < len(self._packets) else None
        for frame in self._codec.decode(packet):
            if frame.pts <= self._last_pts:  # H.264 with B-frames in avi: FFmpeg guesses its stamps, and wrongly
                raise ClipError(f'{self.path}: the stamps of the video frames do not ascend: write it anew as mp4')
            self._last_pts = frame.pts
            if frame.pts in wanted:
                frames[frame.pts] = self._to_rgb(frame)

    def _to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        if frame.is_corrupt:
            raise ClipError(f'{self.path}: the video frame at {frame.time:.2f} s is damaged')
        # one thread: to start more takes six times as long as a small frame
        image = self._reformatter.reformat(frame, format='rgb24', threads=1).to_ndarray()  # (H, W, 3)
        quarter_turns = round(frame.rotation / 90)
        return np.rot90(image, quarter_turns) if quarter_turns else image
