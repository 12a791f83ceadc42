#!/usr/bin/env bash
# decord 0.6.0 gives the sound of a video without its place in time.
#
# One would expect sample 16000 * t of AudioReader(file, sample_rate=16000) to be what is heard at t seconds, as frame
# stamps of its VideoReader count from the start of the file. Instead the samples follow each other from the first
# packet on:
#   - sound that starts 0.8 s after the picture comes 0.8 s too early;
#   - the encoder's delay of AAC (1024 samples) is taken off in mp4, but not in mkv, nor in an mp4 whose sound starts
#     late: at 16 kHz everything is 64 ms late there, and the sound comes out longer than what was encoded.
#
# Why it matters here: a window of sound is cut to the times of the frames; 64 ms are six frames of the log-mel, and a
# late start (recordings of phones and browsers have it) tears lips and voice apart. This project places sound by its
# stamps with PyAV, whatever the container, and takes nothing from decord.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q decord==0.6.0 av==18.1.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
from fractions import Fraction

import av
import decord
import numpy as np

RATE = 16000


def write(path, delay_sec):
    """Write 3 s of grey pictures, and from `delay_sec` on 2 s of sound: silence, then from its 1.0 s on a tone."""
    time = np.arange(2 * RATE) / RATE
    sound = np.where(time >= 1, 0.5 * np.sin(2 * np.pi * 440 * time), 0).astype(np.float32)[None]
    with av.open(path, 'w') as out:
        video, audio = out.add_stream('libx264', rate=25), out.add_stream('aac', rate=RATE, layout='mono')
        video.width = video.height = 64
        video.pix_fmt = 'yuv420p'
        for i in range(75):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 100, np.uint8), format='rgb24')
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(video.encode(frame))
        block = av.AudioFrame.from_ndarray(sound, format='fltp', layout='mono')
        block.sample_rate, block.time_base, block.pts = RATE, Fraction(1, RATE), round(delay_sec * RATE)
        out.mux(audio.encode(block))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


seen = {}
for name, delay_sec in (('soon.mp4', 0.0), ('soon.mkv', 0.0), ('late.mp4', 0.8), ('late.mkv', 0.8)):
    write(name, delay_sec)
    samples = decord.AudioReader(name, sample_rate=RATE, mono=True)[:].asnumpy()[0]
    seen[name] = round(float(np.argmax(np.abs(samples) > 0.1)) / RATE, 3)
    print(f'decord {decord.__version__} {name}: tone at {1 + delay_sec:.1f} s is read at {seen[name]} s; '
          f'{len(samples)} samples')
assert seen == {'soon.mp4': 1.0, 'soon.mkv': 1.064, 'late.mp4': 1.064, 'late.mkv': 1.064}, seen
PY
