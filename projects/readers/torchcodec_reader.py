"""Frames and sound of a file by torchcodec."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

import numpy as np
from torchcodec.decoders import AudioDecoder, VideoDecoder

from mmavf.datasets.media import SAMPLE_RATE_HZ
from mmavf.datasets.media.media_errors import as_clip_errors
from mmavf.datasets.media.regular_file import require_regular_file
from mmavf.datasets.media.resample import place_samples
from mmavf.datasets.media.sound_window import empty_window
from mmavf.errors import ClipError

TIME_TOLERANCE_SEC = 2e-3  # stamps of some containers are whole milliseconds


def earliest_sec(path: str) -> float:
    """Return the stamp of a file's earliest stream by its header, which is time 0 of its clip; 0 if it has none."""
    starts = []
    for make in (partial(VideoDecoder, seek_mode='approximate'), AudioDecoder):
        with suppress(RuntimeError, ValueError):  # no such stream
            starts.append(make(path).metadata.begin_stream_seconds_from_header)
    return min((start for start in starts if start is not None), default=0.0)


class TorchCodecFrames:
    """The frames of a video by torchcodec; a `FrameReader`.

    torchcodec tells the times of decoded frames alone. They are taken to be evenly spaced from the first to the end of
    the video, and compared when frames are read: a file with other times is refused, never read wrongly.

    Args:
        path: The file.
        device: Where it decodes: 'cpu', or 'cuda' for NVDEC, whose pictures are copied back to the host. The latter is
            only passed on to torchcodec; no test covers it.

    Attributes:
        frame_times: (N,) float64, the time of each frame in seconds from the start of the file.

    Raises:
        ClipError: torchcodec cannot open it.
    """

    def __init__(self, path: str, device: str = 'cpu') -> None:
        require_regular_file(path)
        self.path = path
        with as_clip_errors(path, 'torchcodec cannot open it'):
            self._decoder = VideoDecoder(path, dimension_order='NHWC', num_ffmpeg_threads=1, device=device)
            known = self._decoder.metadata
            begin, end, count = known.begin_stream_seconds, known.end_stream_seconds, len(self._decoder)
            self._origin_sec = earliest_sec(path)
            self.frame_times = begin - self._origin_sec + np.arange(count) * (end - begin) / count

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return one (H, W, 3) uint8 RGB array per index, in their order.

        Raises:
            ClipError: torchcodec cannot decode one of them, or the frames are not evenly spaced.
        """
        if not len(indices):
            return []
        with as_clip_errors(self.path, 'torchcodec cannot decode it'):
            frames = self._decoder.get_frames_at(list(indices))
            times = frames.pts_seconds.cpu().numpy() - self._origin_sec  # (n,)
            late_sec = np.abs(times - self.frame_times[list(indices)]).max()
            if late_sec > TIME_TOLERANCE_SEC:
                raise ClipError(
                    f'{self.path}: its frames are not evenly spaced (one is {1000 * late_sec:.0f} ms off), and '
                    'torchcodec tells times only of decoded frames: use the reader of the package'
                )
            return list(frames.data.cpu().numpy())  # (n, H, W, 3)

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield one (H, W, 3) uint8 RGB array per index.

        Raises:
            ClipError: torchcodec cannot decode one of them, or the frames are not evenly spaced.
        """
        for index in indices:
            yield self.read_frames([int(index)])[0]


class TorchCodecSound:
    """The sound of a file by torchcodec, decoded as a whole when it is opened; a `SoundReader`.

    Where torchcodec resamples, all windows of a decoder but the first are 1 ms early, and begin with leftovers.

    Args:
        path: The file.

    Attributes:
        start_sec: Start of the sound in seconds from the start of the file.
        duration_sec: Its end.

    Raises:
        ClipError: torchcodec cannot open it.
    """

    def __init__(self, path: str) -> None:
        require_regular_file(path)
        self.path = path
        with as_clip_errors(path, 'torchcodec cannot open it'):
            whole = AudioDecoder(path, sample_rate=SAMPLE_RATE_HZ).get_all_samples()
        # all channels: torchcodec's own mono is 3 dB louder than their mean
        self._samples = whole.data.mean(dim=0).numpy()  # (C, N) -> (N,)
        self.start_sec = whole.pts_seconds - earliest_sec(path)
        self.duration_sec = self.start_sec + whole.duration_seconds

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return the window [start_sec, end_sec) as mono 16 kHz, (M,) float32; zeros where there is no sound.

        Raises:
            ClipError: The window is not one.
        """
        window = empty_window(start_sec, end_sec, self.path)
        return place_samples(window, self._samples, round((self.start_sec - start_sec) * SAMPLE_RATE_HZ))
