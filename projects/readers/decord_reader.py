"""Frames and sound of a file by decord."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import decord
import numpy as np

from mmavf.datasets.media import SAMPLE_RATE_HZ
from mmavf.datasets.media.media_errors import as_clip_errors
from mmavf.datasets.media.regular_file import require_regular_file
from mmavf.datasets.media.resample import place_samples
from mmavf.datasets.media.sound_window import empty_window
from mmavf.errors import ClipError


@contextmanager
def _as_clip_errors(path: str, failure: str) -> Iterator[None]:
    """Turn errors in the block into a ClipError; decord's own is derived from none of Python's."""
    with as_clip_errors(path, failure):
        try:
            yield
        except decord.DECORDError as error:
            raise ClipError(f'{path}: {failure} ({str(error).partition(chr(10))[0]})') from error


class DecordFrames:
    """The frames of a video by decord; a `FrameReader`.

    Time 0 is that of the first frame. decord numbers frames by packets: which files it is right for is in the README.

    Args:
        path: The file.

    Attributes:
        frame_times: (N,) float64, the time of each frame in seconds.

    Raises:
        ClipError: decord cannot open it, or gives times that do not ascend.
    """

    def __init__(self, path: str) -> None:
        require_regular_file(path)
        self.path = path
        with _as_clip_errors(path, 'decord cannot open it'):
            self._reader = decord.VideoReader(path, num_threads=1)
            times = self._reader.get_frame_timestamp(range(len(self._reader)))[:, 0].astype(
                np.float64
            )  # (N, 2) -> (N,)
        if not len(times) or not (np.diff(times) > 0).all():
            raise ClipError(f'{path}: decord gives no frames, or times that do not ascend')
        self.frame_times = times - times[0]

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return one (H, W, 3) uint8 RGB array per index, in their order.

        Raises:
            ClipError: decord cannot decode one of them.
        """
        if not len(indices):
            return []
        with _as_clip_errors(self.path, 'decord cannot decode it'):
            return list(self._reader.get_batch(list(indices)).asnumpy())

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield one (H, W, 3) uint8 RGB array per index.

        Raises:
            ClipError: decord cannot decode one of them.
        """
        for index in indices:
            with _as_clip_errors(self.path, 'decord cannot decode it'):
                frame = self._reader[int(index)].asnumpy()
            yield frame


class DecordSound:
    """The sound of a file by decord, decoded as a whole when it is opened; a `SoundReader`.

    Time 0 is that of its first sample: decord does not tell when that is heard. Stereo is 3 dB louder than the mean of
    its channels, which decord does not give apart: their samples are mixed up.

    Args:
        path: The file.

    Attributes:
        start_sec: Start of the sound, 0.
        duration_sec: Its end in seconds.

    Raises:
        ClipError: decord cannot open it.
    """

    start_sec = 0.0

    def __init__(self, path: str) -> None:
        require_regular_file(path)
        self.path = path
        with _as_clip_errors(path, 'decord cannot open it'):
            self._samples = decord.AudioReader(path, sample_rate=SAMPLE_RATE_HZ, mono=True)[:].asnumpy()[0]  # (1, N)
        self.duration_sec = len(self._samples) / SAMPLE_RATE_HZ

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return the window [start_sec, end_sec) as mono 16 kHz, (M,) float32; zeros where there is no sound.

        Raises:
            ClipError: The window is not one.
        """
        window = empty_window(start_sec, end_sec, self.path)
        return place_samples(window, self._samples, -round(start_sec * SAMPLE_RATE_HZ))
