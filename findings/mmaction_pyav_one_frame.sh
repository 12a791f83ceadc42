#!/usr/bin/env bash
# MMAction2 1.2.0 with PyAVInit reads the first frame again and again from Matroska, WebM, MPEG and FLV files.
#
# One would expect the frames to be counted where the container does not say their number, as the readers with decord and
# OpenCV do, or an error. PyAVInit takes what PyAV knows from the header, which is 0 for these containers. SampleFrames
# then divides by it, NumPy gives index 0 for every frame, and PyAVDecode returns eight copies of the first picture: a clip
# that does not move. mp4 and avi are right. All that is said is a RuntimeWarning of NumPy about a division by zero.
#
# Why it matters here: recordings of browsers are WebM, many collected clips mkv or mpg. Training on such a list runs as
# usual and learns from stills. This project lists the packets of
# such a file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q torch==2.11.0 torchvision==0.26.0 mmengine==0.10.7 mmcv-lite==2.1.0 av==18.1.0 \
    numpy==2.2.6 setuptools==80.10.2 opencv-python-headless==4.14.0.94 decord==0.6.0 scipy==1.15.3 einops==0.8.2 \
    importlib-metadata==8.7.0 'pillow<13'
"$folder/env/bin/pip" install -q --no-deps mmaction2==1.2.0
cd "$folder"
env/bin/python -W ignore - 2>/dev/null <<'PY'
import av
import numpy as np
from mmaction.datasets.transforms import PyAVDecode, PyAVInit, SampleFrames


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


RIGHT = [15, 19, 23, 27, 31, 35, 39, 43]
for suffix, codec, total, frames in (
    ('mp4', 'libx264', 60, RIGHT),
    ('avi', 'mpeg4', 60, RIGHT),
    ('mkv', 'libx264', 0, [0] * 8),
    ('webm', 'libvpx-vp9', 0, [0] * 8),
    ('mpg', 'mpeg1video', 0, [0] * 8),
    ('flv', 'flv', 0, [0] * 8),
):
    write(f'x.{suffix}', codec)
    with av.open(f'x.{suffix}') as whole:  # one after the other they are all there
        assert sum(1 for _ in whole.decode(video=0)) == 60
    results = dict(filename=f'x.{suffix}', start_index=0, modality='RGB')
    for step in (PyAVInit(), SampleFrames(clip_len=8, frame_interval=4, num_clips=1, test_mode=True), PyAVDecode()):
        results = step(results)
    seen = [shown(pixels) for pixels in results['imgs']]
    print(f'mmaction2 1.2.0, 60 frames of {codec} in {suffix}: total_frames {results["total_frames"]}, frames {seen}')
    assert results['total_frames'] == total and seen == frames, seen
PY
