"""Sound in any container and codec that PyAV writes."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 16000


def speechlike(seconds: float, rate_hz: int = RATE) -> np.ndarray:
    """Return (N,) float32: noise between 300 and 2,500 Hz, whose every stretch is like no other."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.standard_normal(round(seconds * rate_hz)))
    pitch = np.fft.rfftfreq(round(seconds * rate_hz), 1 / rate_hz)
    noise = np.fft.irfft(np.where((pitch > 300) & (pitch < 2500), spectrum, 0), round(seconds * rate_hz))
    return (noise / np.abs(noise).max() * 0.5).astype(np.float32)


def encode_sound(
    sound: np.ndarray, codec: str, form: str, rate_hz: int = RATE, video: str = '', layout: str = 'mono'
) -> bytes:
    """Return a file of container `form` with (N,) or (channels, N) sound; `video` is the codec of a video beside it."""
    target = io.BytesIO()
    with av.open(target, 'w', format=form) as out:
        picture = None
        if video:
            picture = out.add_stream(video, rate=25)
            picture.width, picture.height, picture.pix_fmt = 64, 64, 'yuv420p'
        stream = out.add_stream(codec, rate=rate_hz, layout=layout)
        if codec not in ('flac', 'alac', 'g726') and not codec.startswith('pcm'):
            stream.bit_rate = 64000
        packets = []
        for index in range(round(np.shape(sound)[-1] / rate_hz * 25) if video else 0):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index, np.uint8), format='rgb24')
            frame.pts, frame.time_base = index, Fraction(1, 25)
            packets += picture.encode(frame)
        packets += picture.encode(None) if video else []
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(np.atleast_2d(sound)), format='fltp', layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), 0
        out.mux(packets + stream.encode(frame) + stream.encode(None))
    return target.getvalue()


def write_sound(path: Path, *args, **options) -> str:
    """Write what `encode_sound` returns; return the path."""
    path.write_bytes(encode_sound(*args, **options))
    return str(path)


def lag_sec(window: np.ndarray, start_sec: float, source: np.ndarray, at_sec: float, length_sec: float = 0.4) -> float:
    """Return how much later than in `source` (16 kHz) the stretch from `at_sec` on is found in a window."""
    part = source[round(at_sec * RATE) : round((at_sec + length_sec) * RATE)]
    fits = np.correlate(window, part, 'valid')
    assert fits.max() > 0.7 * (part @ part), 'the stretch is not there'
    return float(start_sec + np.argmax(fits) / RATE - at_sec)
