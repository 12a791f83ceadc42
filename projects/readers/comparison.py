"""Frames and sound of decord and of torchcodec next to those of the package's reader, in a few words."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from scipy.signal import correlate, correlation_lags

from mmavf.datasets.media import SAMPLE_RATE_HZ, FrameReader, MediaFile, SoundReader
from mmavf.errors import ClipError

LIBRARIES = ('decord', 'torchcodec')
SAME_LEVELS = 3.0  # mean difference of two pictures of 0 ... 255 that show the same
REACH = 20  # frames that are searched for the one that was given
SAME_SEC = 2e-3  # stamps are rounded, resamplers have delays

SAME_DB = 0.5  # encoders' noise, and a late beginning


def readers(library: str) -> tuple[Callable[[str], FrameReader], Callable[[str], SoundReader]]:
    """Return the makers of a library's readers of frames and of sound."""
    module: ModuleType
    if library == 'decord':
        from . import decord_reader as module

        return module.DecordFrames, module.DecordSound
    from . import torchcodec_reader as module

    return module.TorchCodecFrames, module.TorchCodecSound


def compare_frames(path: str, make: Callable[[str], FrameReader]) -> str:
    """Return in a few words how the frames of a reader differ from the package's."""
    video = MediaFile(path, kinds=('video',)).video
    if video is None:
        return 'no video'
    try:
        other = make(path)
        theirs = other.read_frames(range(len(other.frame_times)))
    except ClipError:
        return 'refused'
    ours, words = video.read_frames(range(len(video.frame_times))), []
    if theirs[0].shape != ours[0].shape:
        return 'another shape'
    if len(theirs) != len(ours):
        words.append(f'{len(theirs)} of {len(ours)} frames')
    shift = other.frame_times[0] - video.frame_times[0]  # another choice of time 0
    if abs(shift) > SAME_SEC:
        words.append(f'{1000 * shift:+.0f} ms')
    places = np.abs(video.frame_times[None] - (other.frame_times - shift)[:, None]).argmin(1)  # (n, N) -> (n,)
    offsets = [_offset(picture, ours, place) for picture, place in zip(theirs, places.tolist(), strict=True)]
    off = [offset for offset in offsets if offset]
    if off:
        words.append(f'{len(off)} frames off by up to {max(off, key=abs):+d}')
    elif not words:
        equal = all(np.array_equal(*pair) for pair in zip(theirs, ours, strict=True))
        words.append('equal' if equal else 'same frames')
    return ', '.join(words)


def _offset(picture: np.ndarray, ours: list[np.ndarray], place: int) -> int:
    """Return how many frames behind `place` the picture lies that was given."""
    near = sorted(range(max(place - REACH, 0), min(place + REACH + 1, len(ours))), key=lambda index: abs(index - place))
    for index in near:
        if np.abs(picture.astype(np.int16) - ours[index]).mean() <= SAME_LEVELS:
            return index - place
    return REACH


def compare_sound(path: str, make: Callable[[str], SoundReader]) -> str:
    """Return in a few words how the sound of a reader differs from the package's."""
    audio = MediaFile(path, kinds=('audio',)).audio
    if audio is None:
        return 'no sound'
    end = audio.duration_sec
    try:
        theirs = make(path).read_audio(0.0, end)
    except ClipError:
        return 'refused'
    ours = audio.read_audio(0.0, end)
    match = correlate(theirs, ours, method='fft')
    lag = int(correlation_lags(len(theirs), len(ours))[np.argmax(match)])
    if match.max() < 0.5 * np.dot(ours, ours):
        return 'other sound'
    words = [] if abs(lag) <= SAME_SEC * SAMPLE_RATE_HZ else [f'{1000 * lag / SAMPLE_RATE_HZ:+.0f} ms']
    louder_db = 10 * np.log10(np.square(theirs).sum() / np.square(ours).sum())
    if abs(louder_db) > SAME_DB:
        words.append(f'{louder_db:+.0f} dB')
    return ', '.join(words) or 'same'


def why_missing(library: str) -> str:
    """Return why a library cannot be used; '' if it can."""
    try:
        import_module(library)
    except (ImportError, OSError, RuntimeError) as error:  # torchcodec finds no FFmpeg
        return str(error).strip().partition('\n')[0]
    return ''


def compare(paths: list[str]) -> list[list[str]]:
    """Return a row per file: its name, and what each library's frames and sound are like."""
    rows = []
    for path in paths:
        row = [Path(path).name]
        for library in LIBRARIES:
            if why_missing(library):
                row += ['cannot be loaded'] * 2
                continue
            frames, sound = readers(library)
            row += [compare_frames(path, frames), compare_sound(path, sound)]
        rows.append(row)
    return rows
