#!/usr/bin/env bash
# decord 0.6.0: AudioReader(mono=False) gives one channel of a stereo file after the other instead of side by side.
#
# One would expect row 0 to be the left channel and row 1 the right one, as the shape (2, samples) says. Row 0 begins with
# the left channel; after a quarter of it the right channel follows, from its beginning. Row 1 goes on with the last quarter
# of the right channel. Three quarters of the left channel are nowhere. Nothing is said. mono=True has both channels where
# they belong.
#
# Why it matters here: in recordings of two people each often has a channel of their own, and the one that is wanted cannot
# be read. This project reads channels by FFmpeg (`audio_channel`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q decord==0.6.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
import wave

import decord
import numpy as np

RATE = 16000
for seconds in (0.5, 1, 1.5):
    left = np.arange(1, round(seconds * RATE) + 1)  # each sample is its place; those of the right channel are negative
    with wave.open('x.wav', 'wb') as out:
        out.setparams((2, 2, RATE, 0, 'NONE', ''))
        out.writeframes(np.stack([left, -left], axis=1).astype('<i2').tobytes())
    rows = decord.AudioReader('x.wav', sample_rate=RATE, mono=False)[:].asnumpy() * 32768
    quarter = len(left) // 4
    expected_by_shape = np.array_equal(rows[0], left)
    print(f'decord {decord.__version__}, {seconds} s: shape {rows.shape}, row 0 from {rows[0, 0]:.0f} to', end=' ')
    print(f'{rows[0, quarter - 1]:.0f}, then from {rows[0, quarter]:.0f} to {rows[0, -1]:.0f}; row 1 from {rows[1, 0]:.0f}')
    assert rows.shape == (2, len(left)) and not expected_by_shape, 'this changed'
    assert np.array_equal(rows[0], np.concatenate([left[:quarter], -left[: 3 * quarter]])), 'this changed'
    assert np.array_equal(rows[1, :quarter], -left[3 * quarter :]), 'this changed'
PY
