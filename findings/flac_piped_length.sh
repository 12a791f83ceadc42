#!/bin/bash
# One would expect: soundfile.info of a FLAC that does not say its length (legal: an encoder that writes into a pipe cannot know it)
# gives 0 frames, None, or counts them. What happens: frames is 2**63 - 1, a plain int; durations come out as 18 million years, a
# buffer of that size is a ValueError, and already read(20000) of 16,000 samples fails, where other files give the 16,000.
# Why it matters: speech corpora are shared as FLAC; one piped file ends a data worker that sizes its window by `frames`.
# soundfile 0.14.0 (libsndfile 1.2.2)
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
"$folder/venv/bin/python" - "$folder/a.flac" <<'PY'
import sys

import numpy as np
import soundfile

path = sys.argv[1]
soundfile.write(path, np.zeros(16000), 16000)
data = bytearray(open(path, 'rb').read())
data[21] &= 0xF0  # the low 36 bits of bytes 21 to 25 are the number of samples; 0 means unknown
data[22:26] = bytes(4)
open(path, 'wb').write(data)
info = soundfile.info(path)
print('soundfile', soundfile.__version__, soundfile.__libsndfile_version__, 'frames:', info.frames, 'seconds:', info.duration)
raised = {}
for frames in (20000, info.frames):  # more than is there; of a file that knows its length, read() gives what is there
    try:
        soundfile.SoundFile(path).read(frames)
    except (ValueError, MemoryError, RuntimeError) as error:
        raised[frames] = error
    print(f'read({frames}):', repr(raised.get(frames, 'no error')))
sys.exit(not (info.frames == 2**63 - 1 and len(raised) == 2))
PY
