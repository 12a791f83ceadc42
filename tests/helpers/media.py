"""Small media files for tests, whose every frame and sample tells its own time."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import soundfile

# The two halves of frame i of `counted_frames` show its tens and its ones as grey levels.
GREY_BASE, GREY_STEP = 15, 22


def counted_frames(count: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Return (count, height, width, 3) uint8 frames that show their index; count <= 100."""
    frames = np.empty((count, height, width, 3), dtype=np.uint8)
    tens, ones = np.divmod(np.arange(count), 10)
    frames[:, :, : width // 2] = (GREY_BASE + GREY_STEP * tens)[:, None, None, None]
    frames[:, :, width // 2 :] = (GREY_BASE + GREY_STEP * ones)[:, None, None, None]
    return frames


def frame_index(frame: np.ndarray) -> int:
    """Return which of the `counted_frames` an image (H, W, 3) shows; the middle of each half is looked at."""
    height, width = frame.shape[:2]
    rows = slice(height // 4, 3 * height // 4)
    halves = frame[rows, width // 8 : 3 * width // 8], frame[rows, 5 * width // 8 : 7 * width // 8]
    tens, ones = (round((float(half.mean()) - GREY_BASE) / GREY_STEP) for half in halves)
    return 10 * tens + ones


def tone(seconds: float, onset_sec: float = 0.0, rate_hz: int = 16000, pitch_hz: float = 440.0) -> np.ndarray:
    """Return (N,) float32: silence until `onset_sec`, then a sine of amplitude 0.5."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.where(time >= onset_sec, 0.5 * np.sin(2 * np.pi * pitch_hz * time), 0).astype(np.float32)


def onset_sec(waveform: np.ndarray, rate_hz: int = 16000) -> float:
    """Return when a waveform first exceeds 0.1."""
    return float(np.argmax(np.abs(waveform) > 0.1) / rate_hz)


def write_media(
    path: Path,
    frames: np.ndarray | None,
    sound: np.ndarray | None,
    *,
    fps: float = 25,
    rate_hz: int = 16000,
    codecs: tuple[str, str] = ('libx264', 'aac'),
    stamps_sec: Sequence[float] | None = None,
    video_delay_sec: float = 0.0,
    audio_delay_sec: float = 0.0,
    rotation: int = 0,
    gop: int = 12,
    b_frames: int = 0,
    pixels: str = 'yuv420p',
) -> Path:
    """Write frames (N, H, W, 3) and sound ((N,) or (channels, N)) into one file; either may be None."""
    with av.open(str(path), 'w') as out:
        video = audio = None
        if frames is not None:
            options = {'crf': '10', 'preset': 'ultrafast', 'bf': str(b_frames)} if codecs[0] == 'libx264' else {}
            video = out.add_stream(codecs[0], rate=Fraction(fps).limit_denominator(1000), options=options)
            video.height, video.width, video.pix_fmt, video.gop_size = *frames.shape[1:3], pixels, gop
            video.bit_rate = 2_000_000
            if rotation:
                video.set_display_rotation(rotation)
            video.codec_context.time_base = Fraction(1, 1000) if stamps_sec is not None else Fraction(1) / Fraction(fps)
        if sound is not None:
            sound = np.atleast_2d(sound).astype(np.float32)
            audio = out.add_stream(codecs[1], rate=rate_hz, layout='mono' if len(sound) == 1 else 'stereo')
        if video is not None:
            for i, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
                frame.time_base = video.codec_context.time_base
                time_sec = (i / fps if stamps_sec is None else stamps_sec[i]) + video_delay_sec
                frame.pts = round(time_sec / frame.time_base)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        if audio is not None:
            frame = av.AudioFrame.from_ndarray(sound, format='fltp', layout=audio.layout.name)
            frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
            frame.pts = round(audio_delay_sec * rate_hz)
            out.mux(audio.encode(frame))
            out.mux(audio.encode(None))
    return path


def encode_video(
    path: Path,
    frames: np.ndarray,
    options: dict[str, str],
    container_options: dict[str, str] | None = None,
    codec: str = 'libx264',
    gop: int = 25,
) -> str:
    """Write frames (N, H, W, 3) at 25 per second with options of the encoder and the container; return the path."""
    with av.open(str(path), 'w', options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt, stream.gop_size = *frames.shape[1:3], 'yuv420p', gop
        stream.bit_rate = 4_000_000
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return str(path)


def write_folder(path: Path, frames: np.ndarray, digits: int = 4) -> Path:
    """Write frames (N, H, W, 3) as JPEG files counted from 1."""
    path.mkdir(parents=True)
    for i, pixels in enumerate(frames, start=1):
        cv2.imwrite(str(path / f'{i:0{digits}d}.jpg'), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])
    return path


def write_wav(path: Path, sound: np.ndarray, rate_hz: int = 16000, subtype: str = 'PCM_16') -> Path:
    """Write (N,) or (N, channels) samples."""
    soundfile.write(path, sound, rate_hz, subtype=subtype)
    return path


def write_list(path: Path, rows: Sequence[Sequence], header: str = 'video,audio,label') -> Path:
    """Write a CSV list; fields with commas or quotes are quoted."""
    import csv

    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(header.split(','))
        writer.writerows(rows)
    return path
