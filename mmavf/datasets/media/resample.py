"""Conversion of sound of any rate and number of channels to mono 16 kHz."""

import math
from functools import lru_cache
from math import gcd

import numpy as np
import torch
from torchaudio.transforms import Resample

from mmavf.errors import ClipError

from .limits import MAX_RATE_HZ, MIN_RATE_HZ

SAMPLE_RATE_HZ = 16000
# torchaudio computes its filter for each phase of an output between two inputs: for 44.1 kHz there are 160 phases and
# 70,560 weights, for 44,099 Hz 16,000 phases and 706 million weights.
MAX_FILTER_WEIGHTS = 10**6
# Other rates are interpolated by a windowed sinc with this many zero crossings on either side, cut off at this share of
# half the lower rate; it works on 8 MB at a time.
ZERO_CROSSINGS, ROLLOFF = 16, 0.94
WEIGHTS_AT_ONCE = 1 << 20


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
    if rate_hz * SAMPLE_RATE_HZ // gcd(rate_hz, SAMPLE_RATE_HZ) ** 2 <= MAX_FILTER_WEIGHTS:
        return _resampler(rate_hz, SAMPLE_RATE_HZ)(torch.from_numpy(mono)).numpy()
    factor = max(rate_hz // (2 * SAMPLE_RATE_HZ), 1)
    if factor > 1:  # fewer samples first, at no less than twice the final rate
        mono = _resampler(factor, 1)(torch.from_numpy(mono)).numpy()
    return _interpolate(mono, rate_hz, factor * SAMPLE_RATE_HZ, math.ceil(len(samples[0]) * SAMPLE_RATE_HZ / rate_hz))


@lru_cache(maxsize=16)
def _resampler(from_hz: int, to_hz: int) -> Resample:
    return Resample(from_hz, to_hz)


def _interpolate(mono: np.ndarray, up: int, down: int, count: int) -> np.ndarray:
    """Return (count,) float32: (N,) `mono` at the places n * up / down, n = 0, 1, ..., by a windowed sinc."""
    cut = ROLLOFF * min(1.0, down / up)  # of half the rate of `mono`
    reach = math.ceil(ZERO_CROSSINGS / cut)
    taps = np.arange(1 - reach, reach + 1)  # (T,)
    padded = np.pad(mono, (reach, 2 * reach))
    result = np.empty(count, dtype=np.float32)
    step = max(WEIGHTS_AT_ONCE // len(taps), 1)
    for first in range(0, count, step):
        whole, rest = np.divmod(np.arange(first, min(first + step, count)) * up, down)
        x = (taps - (rest / down)[:, None]) * cut  # (n, T), in zero crossings
        turn = np.pi / ZERO_CROSSINGS * np.clip(x, -ZERO_CROSSINGS, ZERO_CROSSINGS)
        weights = np.sinc(x) * (0.42 + 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)) * cut
        result[first : first + step] = np.einsum('nt,nt->n', padded[whole[:, None] + taps + reach], weights)
    return result


def check_rate(rate_hz: int, path: str) -> None:
    """Raise ClipError if no recording has such a rate, so that `path` is damaged."""
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise ClipError(
            f'{path}: a sampling rate of {rate_hz} Hz is outside {MIN_RATE_HZ} to {MAX_RATE_HZ}: the file is damaged'
        )


def check_finite(samples: np.ndarray, path: str) -> None:
    """Raise ClipError if `samples` of `path` contain NaN or infinity."""
    bad = np.count_nonzero(~np.isfinite(samples))
    if bad:
        raise ClipError(f'{path}: {bad} of {samples.size} sound samples are not finite (NaN or infinity)')


def place_samples(window: np.ndarray, samples: np.ndarray, place: int) -> np.ndarray:
    """Write (N,) `samples` into (M,) `window` at index `place` (may be negative), cut at both ends; return it."""
    begin, end = max(place, 0), min(place + len(samples), len(window))
    if begin < end:
        window[begin:end] = samples[begin - place : end - place]
    return window
