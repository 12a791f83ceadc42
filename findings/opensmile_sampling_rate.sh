#!/usr/bin/env bash
# eGeMAPS of openSMILE depends on the sampling rate, even of a sound that 16 kHz represents exactly.
#
# The set is defined in Hz, semitones and dB, and one would expect the same sound at 16 and at 48 kHz to give the same
# features within a few per cent. Of a voice-like sound whose highest harmonic is 2,250 Hz, 41 of 88 features differ by more
# than a tenth: mean loudness 1.8 times, mean spectral flux 3.1 times as high at 48 kHz; formants move, too. The pitch is
# the same. The package neither resamples to one rate by itself nor says anything.
#
# Why it matters here: a classifier on these features learns the rate of a recording where a list mixes rates.
# projects/speech_baselines reads everything at 16 kHz, mono.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q opensmile==2.6.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
import numpy as np
import opensmile

print('opensmile', opensmile.__version__)
smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)


def features(rate):
    """Return those of two seconds of 15 harmonics of 150 Hz whose loudness rises and falls three times a second."""
    t = np.arange(2 * rate) / rate
    voice = sum(np.sin(2 * np.pi * 150 * k * t + k) / k for k in range(1, 16))
    swelling = 1 + 0.5 * np.sin(2 * np.pi * 3 * t)
    return smile.process_signal((0.1 * voice * swelling).astype(np.float32), rate).iloc[0]


low, high = features(16000), features(48000)
other = ((high - low).abs() / (low.abs() + 1e-2) > 0.1).sum()
ratios = {name: high[f'{name}_amean'] / low[f'{name}_amean'] for name in ('loudness_sma3', 'spectralFlux_sma3')}
pitch = abs(high['F0semitoneFrom27.5Hz_sma3nz_amean'] - low['F0semitoneFrom27.5Hz_sma3nz_amean'])
print(f'{other} of {len(low)} features differ by more than a tenth; at 48 kHz times 16 kHz:', ratios, f'pitch: {pitch:.2f} semitones')
assert other > 30 and 1.6 < ratios['loudness_sma3'] < 2.0 and 2.8 < ratios['spectralFlux_sma3'] < 3.5, 'this changed'
assert pitch < 0.2
PY
