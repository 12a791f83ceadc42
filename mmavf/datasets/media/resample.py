"""Sound of any rate and channel count as mono 16 kHz, placed in a window."""

from functools import cache
from math import gcd

import numpy as np
import torch
from torchaudio.transforms import Resample

from mmavf.errors import ClipError

SAMPLE_RATE_HZ = 16000
# A filter of torchaudio has this many weights or more; rates that sound is recorded at need less than a tenth of it.
MAX_FILTER_WEIGHTS = 10**9


def to_mono_16k(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Mix channels down by their mean and resample to 16 kHz.

    Args:
        samples: (channels, N) float32, nominally in [-1, 1].
        rate_hz: Sampling rate of `samples`.

    Returns:
        (M,) float32 with M = ceil(N * 16000 / rate_hz); sample 0 stays at time 0.
    """
    mono = samples[0] if len(samples) == 1 else samples.mean(axis=0)  # (N,)
    if rate_hz == SAMPLE_RATE_HZ or not len(mono):  # torchaudio's filter takes no sound of length 0
        return mono
    return _resampler(rate_hz)(torch.from_numpy(mono)).numpy()


@cache
def _resampler(rate_hz: int) -> Resample:
    return Resample(rate_hz, SAMPLE_RATE_HZ)


def check_rate(rate_hz: int, path: str) -> None:
    """Raise ClipError when no sound is recorded at such a rate: `path` is damaged."""
    if rate_hz <= 0 or rate_hz * SAMPLE_RATE_HZ // gcd(rate_hz, SAMPLE_RATE_HZ) ** 2 > MAX_FILTER_WEIGHTS:
        raise ClipError(f'{path}: a sampling rate of {rate_hz} Hz cannot be turned into {SAMPLE_RATE_HZ} Hz')


def check_finite(samples: np.ndarray, path: str) -> None:
    """Raise ClipError when `samples` of `path` hold NaN or infinity."""
    bad = np.count_nonzero(~np.isfinite(samples))
    if bad:
        raise ClipError(f'{path}: {bad} of {samples.size} sound samples are not finite (NaN or infinity)')


def place_samples(window: np.ndarray, samples: np.ndarray, place: int) -> np.ndarray:
    """Write (N,) `samples` into (M,) `window` from index `place` on (may be negative), cut at both ends; return it."""
    begin, end = max(place, 0), min(place + len(samples), len(window))
    if begin < end:
        window[begin:end] = samples[begin - place : end - place]
    return window
