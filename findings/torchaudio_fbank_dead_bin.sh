#!/usr/bin/env bash
# torchaudio's Kaldi filter bank with 128 bins at 16 kHz has a bin that is the same for every sound, and does not say so.
#
# These are the settings of AudioSet models (AST, AudioMAE and those after them): 25 ms, 10 ms, 128 bins from 20 Hz. One
# would expect each bin to hear something, or a warning: torchaudio.transforms.MelSpectrogram warns of filters that are
# zero. kaldi.fbank does not. Filters of low bins are narrower than the 31.25 Hz between two frequencies of the transform,
# and bin 3 lies between two of them, so it is log(epsilon) = -15.94 in each frame of any sound. From 0 Hz to 8 kHz it is
# bin 0; without rounding the window up to a power of two (40 Hz between frequencies) bins 2, 7 and 16. With 80 bins
# there is none.
#
# Why it matters here: one bin of 128 carries nothing in all models of this line, and it is part of the share of values
# at the floor that is measured for a list of one's own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q torch==2.11.0 torchaudio==2.11.0 numpy==2.2.6
cd "$folder"
env/bin/python -W error - <<'PY'
import torch
import torchaudio
from torchaudio.compliance import kaldi

print('torchaudio', torchaudio.__version__)
torch.manual_seed(0)
noise = torch.randn(1, 16000)
usual = dict(htk_compat=True, sample_frequency=16000, window_type='hanning', dither=0.0, frame_shift=10)
for options, expected in (
    (dict(num_mel_bins=128), [3]),
    (dict(num_mel_bins=128, low_freq=0.0, high_freq=8000.0), [0]),
    (dict(num_mel_bins=128, round_to_power_of_two=False), [2, 7, 16]),
    (dict(num_mel_bins=80), []),
):
    values = kaldi.fbank(noise, **usual, **options)  # a warning would be an error
    dead = [bin for bin in range(values.shape[1]) if values[:, bin].unique().numel() == 1]
    print(options, 'bins that never change:', dead)
    assert dead == expected, f'this changed: expected {expected}'
PY
