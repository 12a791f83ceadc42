"""Writing of mp4 files."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mmavf.files.atomic_file import replacing

from .voice import SAMPLE_RATE_HZ


def write_clip(path: Path, frames: Iterable[np.ndarray], sound: np.ndarray, size: int, fps: int) -> None:
    """Write an mp4 file with H.264 video and AAC sound; the same input gives the same file.

    Args:
        path: Path of the file, which appears when it is complete.
        frames: RGB uint8 (size, size, 3) each.
        sound: Mono float32 (samples,) in [-1, 1] at `SAMPLE_RATE_HZ`.
        size: Height and width of the frames in pixels, even.
        fps: Frames per second.
    """
    audio_options = {'aac_coder': 'fast'}  # a quarter of the default's time
    # One encoder thread: the number of threads changes the encoded bytes.
    video_options = {'preset': 'ultrafast', 'crf': '21', 'g': str(2 * fps), 'threads': '1'}
    with replacing(path) as temporary, av.open(str(temporary), 'w', format='mp4') as container:
        video = container.add_stream('libx264', rate=fps, options=video_options)
        video.width, video.height, video.pix_fmt = size, size, 'yuv420p'
        audio = container.add_stream('aac', rate=SAMPLE_RATE_HZ, layout='mono', bit_rate=64000, options=audio_options)
        for pixels in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
        container.mux(video.encode(None))
        wave = av.AudioFrame.from_ndarray(sound[None], format='fltp', layout='mono')  # (1, samples)
        wave.sample_rate, wave.pts, wave.time_base = SAMPLE_RATE_HZ, 0, Fraction(1, SAMPLE_RATE_HZ)
        container.mux(audio.encode(wave))
        container.mux(audio.encode(None))
