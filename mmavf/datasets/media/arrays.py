"""Frames and sound that are in memory already."""

from collections.abc import Iterator, Sequence

import numpy as np

from mmavf.errors import ClipError

from .channels import Channel, check_channel, mix_down
from .resample import SAMPLE_RATE_HZ, check_finite, check_rate, place_samples, to_mono_16k
from .sound_window import empty_window

MAX_CHANNELS = 64  # more are samples and channels the wrong way round


class ArrayFrames:
    """Frames from an array; a `FrameReader`.

    Args:
        frames: (N, H, W, 3) uint8 RGB, N > 0.
        times: (N,) time of each frame in seconds, ascending.

    Attributes:
        frame_times: (N,) float64, the times.

    Raises:
        ClipError: The arrays have other shapes or types, or the times do not ascend.
    """

    def __init__(self, frames: np.ndarray, times: Sequence[float]) -> None:
        self._frames = np.asarray(frames)
        self.frame_times = np.asarray(times, dtype=np.float64)
        shape = self._frames.shape
        if self._frames.dtype != np.uint8 or len(shape) != 4 or shape[-1] != 3 or not all(shape):
            raise ClipError(f'frames must be (N, H, W, 3) uint8, not {shape} {self._frames.dtype}')
        if self.frame_times.shape != shape[:1]:
            raise ClipError(f'{shape[0]} frames need as many times, not an array of shape {self.frame_times.shape}')
        if not np.isfinite(self.frame_times).all() or (np.diff(self.frame_times) <= 0).any():
            raise ClipError('the times of the frames must be finite and ascend')

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return one (H, W, 3) uint8 RGB array per index, in the order of `indices`, which may repeat."""
        return [self._frames[index] for index in indices]

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield one (H, W, 3) uint8 RGB array per index."""
        return (self._frames[index] for index in indices)


class ArraySound:
    """Sound from an array; a `SoundReader`.

    Args:
        samples: (N,) or (channels, N) float in [-1, 1].
        rate_hz: Samples per second.
        start_sec: Time of the first sample.
        channel: Number of the channel that is heard, from 1; 'mean' or None: the mean of all.

    Attributes:
        start_sec: Time at which the sound starts.
        duration_sec: Time at which it ends.

    Raises:
        ClipError: The samples have another shape or type or are not finite, or there is no such sampling rate or
            channel.
        ConfigError: `channel` has an impossible value.
    """

    def __init__(self, samples: np.ndarray, rate_hz: int, start_sec: float = 0.0, channel: Channel = None) -> None:
        check_channel(channel, 'ArraySound')
        samples = np.atleast_2d(np.asarray(samples))  # (N,) -> (1, N)
        if samples.dtype.kind != 'f' or samples.ndim != 2 or not samples.size or len(samples) > MAX_CHANNELS:
            raise ClipError(
                f'samples must be float in [-1, 1], (N,) or (channels, N), not {samples.shape} {samples.dtype}'
            )
        samples = samples.astype(np.float32)
        check_rate(rate_hz, 'array')
        check_finite(samples, 'array')
        self._mono = to_mono_16k(mix_down(samples, (), channel, 'array')[None], rate_hz)  # (N,) -> (1, N)
        self.start_sec = start_sec
        self.duration_sec = start_sec + samples.shape[1] / rate_hz

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Return the window [start_sec, end_sec) as mono 16 kHz, (round((end_sec - start_sec) * 16000),) float32.

        Raises:
            ClipError: The window ends before it starts, or is too long.
        """
        window = empty_window(start_sec, end_sec, 'array')
        return place_samples(window, self._mono, round((self.start_sec - start_sec) * SAMPLE_RATE_HZ))
