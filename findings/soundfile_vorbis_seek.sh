#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile 1.2.2) reads a part of an Ogg Vorbis file from 8 ms further on, in the later part of the file.
#
# One would expect read(file, start=n) to give what read(file)[n:] gives, as it does for wav, FLAC and Opus. Of ten
# seconds of a tone of changing pitch at 16 kHz, parts of the first half are right; of the second half each part is 128
# samples ahead: what is called second 6 is second 6.008. At 44.1 kHz it is 920 samples (21 ms), from second 9 on.
# Reading the whole file is right, and so is the number of samples. librosa.load(offset=) uses the same reader.
# The more tonal the sound, the more parts: of a made-up voice with noise and pauses it was 2 of 240.
# libsndfile has an open report that says the seek is "not always sample exact" (issue 885); the documentation has nothing.
#
# Why it matters here: windows are cut out of long recordings, and Vorbis is one of their formats. Sound would be a
# third of a video frame off, depending on where the window lies. This project reads Ogg files by FFmpeg.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
import numpy as np
import soundfile

RATE, SECONDS = 16000, 10
time = np.arange(SECONDS * RATE) / RATE
tone = 0.3 * np.sin(2 * np.pi * (200 * time + 30 * np.sin(3 * time))) * (1 + 0.5 * np.sin(9 * time))
print('soundfile', soundfile.__version__, soundfile.__libsndfile_version__)
late = {}
for suffix in ('wav', 'flac', 'opus', 'ogg'):
    subtype = dict(opus='OPUS', ogg='VORBIS').get(suffix)
    soundfile.write(f'x.{suffix}', tone, RATE, format='OGG' if suffix in ('opus', 'ogg') else None, subtype=subtype)
    whole, _ = soundfile.read(f'x.{suffix}')
    assert len(whole) == len(tone)
    late[suffix] = []
    for start in range(0, 150_000, 2_000):
        part, _ = soundfile.read(f'x.{suffix}', start=start, frames=1500)
        shifts = {
            shift: np.abs(part - whole[start + shift : start + shift + 1500]).max() for shift in (0, 128)
        }  # 128 samples are half a short block of the codec
        best = min(shifts, key=shifts.get)
        assert shifts[best] < 1e-3, (suffix, start, shifts)
        if best:
            late[suffix].append((start / RATE, best))
    print(f'{suffix}: {len(late[suffix])} of 75 parts are not where they should be', late[suffix][:1], late[suffix][-1:])
assert not any(late[suffix] for suffix in ('wav', 'flac', 'opus'))
assert len(late['ogg']) > 20, 'this changed: parts of Vorbis files are now right'
PY
