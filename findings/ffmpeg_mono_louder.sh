#!/usr/bin/env bash
# FFmpeg's mono of a stereo sound is 3 dB louder in floating point than in 16 bits, and beyond full scale; so are PyAV and
# decord.
#
# One would expect the sample format to change the type and not the level, and mono to be the mean of both channels. With
# integer samples it is. With floats it is (left + right) * 0.707: FFmpeg lowers the weights that would overflow only for
# integers. Two equal channels with a peak of 0.95 become 1.344 in `flt`, 0.95 in `s16`. decord's AudioReader(mono=True)
# returns floats, so that it clips nothing and says nothing, but is 1.414 times as loud as the mean. The same holds for
# `ffmpeg -ac 1` with pcm_f32le and pcm_s16le, and for torchcodec 0.11.1 with num_channels=1.
#
# Why it matters here: the sound of most videos is stereo with a voice in the middle. Log-mel of two readers then
# differ by a constant 0.69, and what is above 1 is clipped or wrapped round by the next step. Take both channels and
# average them.
# PyAV 18.1.0, decord 0.6.0; the command of FFmpeg 5.1 was tried, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q decord==0.6.0 av==18.1.0 numpy==2.2.6
cd "$folder"
env/bin/python - <<'PY'
import wave

import av
import decord
import numpy as np
from av.audio.resampler import AudioResampler

RATE = 16000
tone = 0.95 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def write(path, left, right):
    with wave.open(path, 'wb') as out:
        out.setparams((2, 2, RATE, 0, 'NONE', ''))
        out.writeframes((np.stack([left, right], axis=1) * 32767).round().astype('<i2').tobytes())


def peak_of_pyav(path, sample_format):
    resampler = AudioResampler(format=sample_format, layout='mono', rate=RATE)
    with av.open(path) as source:
        blocks = [block for frame in source.decode(audio=0) for block in resampler.resample(frame)]
    samples = np.concatenate([block.to_ndarray() for block in blocks + resampler.resample(None)], axis=1)
    return float(np.abs(samples.astype(float)).max()) / (32768 if sample_format == 's16' else 1)


for name, right, mean in (('equal channels', tone, 0.95), ('left channel only', 0 * tone, 0.475)):
    write('x.wav', tone, right)
    peaks = {
        'PyAV, s16': peak_of_pyav('x.wav', 's16'),
        'PyAV, flt': peak_of_pyav('x.wav', 'flt'),
        'decord, mono=True': float(np.abs(decord.AudioReader('x.wav', sample_rate=RATE, mono=True)[:].asnumpy()).max()),
    }
    print(f'{name}, mean of both has the peak {mean}:', {reader: round(peak, 3) for reader, peak in peaks.items()})
    assert abs(peaks['PyAV, s16'] - mean) < 0.002, 'this changed: 16 bits are no longer the mean'
    for reader in ('PyAV, flt', 'decord, mono=True'):
        assert abs(peaks[reader] - mean * 2**0.5) < 0.002, f'this changed: {reader}'
PY
