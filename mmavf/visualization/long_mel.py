"""The log-mel spectrogram of a recording of any length, as wide as a picture."""

import math

import numpy as np
import torch
from torchaudio.compliance import kaldi

from mmavf.datasets.media import SAMPLE_RATE_HZ, SoundReader

NUM_BINS = 80
SHIFT_SEC, FRAME_SEC = 0.010, 0.025
SPAN_SEC = 30.0  # read at once


def long_mel(sound: SoundReader, start_sec: float, end_sec: float, max_columns: int = 1200) -> np.ndarray:
    """Return the log-mel of [start_sec, end_sec), averaged over time to at most `max_columns` columns.

    Kaldi's filter bank, frames of 25 ms every 10 ms. It is computed in spans of 30 s, so that an hour takes no more
    memory than half a minute.

    Args:
        sound: The sound.
        start_sec: Where it begins.
        end_sec: Where it ends.
        max_columns: Width of the picture.

    Returns:
        (80, columns) float32; NaN where the recording has no sound, before it starts and after it ends.

    Raises:
        ClipError: The sound is damaged.
    """
    columns = max(1, min(max_columns, math.floor((end_sec - start_sec) / SHIFT_SEC)))
    total, count = np.zeros((NUM_BINS, columns)), np.zeros(columns)
    column_sec = (end_sec - start_sec) / columns
    begin, end = max(start_sec, sound.start_sec), min(end_sec, sound.duration_sec)
    for number in range(max(0, math.ceil((end - begin) / SPAN_SEC))):
        at = begin + number * SPAN_SEC
        frames = _frames(sound, at, min(at + SPAN_SEC, end))  # (n, bins)
        times = at + SHIFT_SEC * (np.arange(len(frames)) + 0.5)
        places = np.clip(((times - start_sec) / column_sec).astype(int), 0, columns - 1)
        np.add.at(total.T, places, frames)
        np.add.at(count, places, 1)
    with np.errstate(invalid='ignore'):
        return (total / np.where(count, count, np.nan)).astype(np.float32)


def _frames(sound: SoundReader, start_sec: float, end_sec: float) -> np.ndarray:
    """Return the frames (n, bins) whose centres are `start_sec` + 5 ms, + 15 ms, and so on before `end_sec`."""
    beyond = (FRAME_SEC - SHIFT_SEC) / 2
    waveform = torch.from_numpy(sound.read_audio(start_sec - beyond, end_sec + beyond))
    if len(waveform) < SAMPLE_RATE_HZ * FRAME_SEC:
        return np.zeros((0, NUM_BINS), dtype=np.float32)
    settings = dict(sample_frequency=SAMPLE_RATE_HZ, num_mel_bins=NUM_BINS, window_type='hanning', dither=0.0)
    return kaldi.fbank(waveform[None], **settings).numpy()
