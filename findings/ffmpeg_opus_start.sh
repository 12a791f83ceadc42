#!/usr/bin/env bash
# FFmpeg 8 (in PyAV 18.1) says that Opus in Matroska or WebM begins later than it does, where it was encoded at less
# than 48 kHz.
#
# One would expect the start of a file to be the stamp of its first sample, as it is for Opus in ogg and mp4, and for
# 48 kHz in mkv. What an Opus encoder puts first (312 samples) counts at 48 kHz whatever was encoded; for the start of
# the file FFmpeg divides it by the rate that was encoded. Speech at 16 kHz, written to mkv or webm alone, so "starts" at
# 13 ms, at 8 kHz at 32 ms, while its decoder gives a first sample at 0. With a video beside it the file starts with that.
#
# Why it matters here: who takes the start of a file for time 0 hears such sound 13 ms early, against the picture of
# another file, or against labels in seconds. This project asks the decoder for the first sample instead.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q av==18.1.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
from fractions import Fraction

import av
import numpy as np

expected_ms = {(48000, 'mkv'): 0, (16000, 'mkv'): 13, (8000, 'webm'): 32, (16000, 'ogg'): 0}
for (rate, suffix), start_ms in expected_ms.items():
    with av.open(f'x.{suffix}', 'w') as out:
        stream = out.add_stream('libopus', rate=rate, layout='mono')
        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
        block = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], format='fltp', layout='mono')
        block.sample_rate, block.time_base, block.pts = rate, Fraction(1, rate), 0
        out.mux(stream.encode(block))
        out.mux(stream.encode(None))
    with av.open(f'x.{suffix}') as source:
        said = source.start_time / 1000
        first = next(source.decode(audio=0))
        decoded = float(first.pts * first.time_base) * 1000
    print(f'PyAV {av.__version__}: {rate} Hz in {suffix}: starts at {said:.0f} ms; first sample decoded at {decoded:.0f} ms')
    assert said == start_ms and abs(decoded) < 1, (said, decoded)
PY
