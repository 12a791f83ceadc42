#!/usr/bin/env bash
# decord 0.6.0 returns other frames than those asked for in MPEG program and transport streams.
#
# One would expect get_batch([5, 20, 40]) to give the frames 5, 20 and 40, as it does in mp4, mkv and avi; or an error
# where the container cannot be sought in. In an .mpg whose frames each show their number, indices up to the first jump
# are right, and after it the first frame of the file comes in place of the one wanted; near the end it is one that lies
# 14 frames (MPEG-1) or 3 frames (MPEG-2) too early. The stamps of those frames are some -1e14 s. MPEG-2 in .ts is one
# frame late throughout. Nothing is raised, and len() is right in all of them.
#
# Why it matters here: GRID and other audio-visual sets come as .mpg, and a sampler that takes every fourth frame jumps
# all the time: such a clip becomes a still. This project demuxes a file once and decodes from key frames by stamps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q decord==0.6.0 av==18.1.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY' 2>/dev/null
import av
import decord
import numpy as np

WANTED = [0, 1, 2, 5, 20, 40, 59]


def write(path, codec):
    """Write 60 frames whose halves show tens and ones of their number as grey levels."""
    with av.open(path, 'w') as out:
        video = out.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt, video.bit_rate = 64, 48, 'yuv420p', 2_000_000
        for i in range(60):
            pixels = np.empty((48, 64, 3), np.uint8)
            pixels[:, :32], pixels[:, 32:] = 15 + 22 * (i // 10), 15 + 22 * (i % 10)
            out.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
        out.mux(video.encode(None))


def shown(pixels):
    tens, ones = (round((float(half.mean()) - 15) / 22) for half in (pixels[12:36, 8:24], pixels[12:36, 40:56]))
    return 10 * tens + ones


expected = {
    ('mpeg4', 'avi'): WANTED,
    ('mpeg1video', 'mpg'): [0, 1, 2, 0, 0, 0, 45],
    ('mpeg2video', 'mpg'): [0, 1, 2, 0, 0, 0, 56],
    ('mpeg2video', 'ts'): [1, 2, 3, 6, 21, 41, 59],
}
print(f'decord {decord.__version__}, asked for the frames {WANTED}')
for (codec, suffix), frames in expected.items():
    write(f'x.{suffix}', codec)
    with av.open(f'x.{suffix}') as whole:  # one after the other they are all there
        assert [shown(f.to_ndarray(format='rgb24')) for f in whole.decode(video=0)] == list(range(60))
    reader = decord.VideoReader(f'x.{suffix}')
    seen = [shown(pixels) for pixels in reader.get_batch(WANTED).asnumpy()]
    print(f'{codec} in {suffix}: {len(reader)} frames; read {seen}')
    assert len(reader) == 60 and seen == frames, seen
PY
