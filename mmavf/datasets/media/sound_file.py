"""Windows of a wav or flac file."""

import io
import os
import re

import numpy as np
import soundfile

from mmavf.errors import ClipError

from .channels import Channel, mix_down
from .media_errors import as_clip_errors
from .regular_file import require_regular_file
from .resample import SAMPLE_RATE_HZ, check_finite, check_rate, place_samples, to_mono_16k
from .sound_window import empty_window

# FFmpeg announces 0xFFFFFFFF, others a little less
UNKNOWN_LENGTH = 0x7FFFFFFF - 0x1000
# A flac with more samples than bits is digital silence, has no length, or a damaged header.
FRAMES_PER_BYTE = 8
VALUES_AT_ONCE = 1 << 22  # read at a time, so that a wrong length in a header costs no memory

# Names of the channels by the bits of a wav's mask, and by the number of channels in a flac.
_MASK = ('FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC', 'BC', 'SL', 'SR')
_FLAC = {3: 'FL FR FC', 5: 'FL FR FC BL BR', 6: 'FL FR FC LFE BL BR', 7: 'FL FR FC LFE BC SL SR'}
_FLAC[8] = f'{_FLAC[6]} SL SR'


class UnknownToLibsndfileError(ClipError):
    """A sound file that libsndfile cannot read, or not correctly; FFmpeg may."""


class SoundFile:
    """A wav or flac file, read window by window; a `SoundReader`.

    Args:
        path: The file; only its name, for messages, if `data` is given.
        data: The bytes of the file.
        channel: Number of the channel to use, from 1, or 'mean'; None: the rule of `mix_down`.

    Attributes:
        start_sec: Start of the sound, 0.

    Raises:
        UnknownToLibsndfileError: libsndfile does not know its format, or its header has no length.
        ClipError: It is not a regular file, is cut off, has no samples, or an impossible sampling rate.
    """

    SUFFIXES = ('.wav', '.flac')
    start_sec = 0.0

    def __init__(self, path: str, data: bytes | memoryview | None = None, channel: Channel = None) -> None:
        self.path = path
        self._channel = channel
        if data is None:
            require_regular_file(path)
        try:
            with as_clip_errors(path, 'cannot be opened as sound'):
                self._file = soundfile.SoundFile(path if data is None else io.BytesIO(data))
        except ClipError as error:
            raise UnknownToLibsndfileError(str(error)) from error
        self._check_readable(os.path.getsize(path) if data is None else len(data))
        check_rate(self._file.samplerate, path)
        self._check_complete()
        self._names = _channel_names(self._file)

    @property
    def duration_sec(self) -> float:
        """Length of the sound in seconds."""
        return self._file.frames / self._file.samplerate

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Read the window [start_sec, end_sec) as mono 16 kHz.

        Returns:
            (round((end - start) * 16000),) float32; zeros where the file has no sound.

        Raises:
            ClipError: The window cannot be decoded, is cut off, has samples that are not finite, ends before it starts,
                or is too long; the channel does not exist.
        """
        window = empty_window(start_sec, end_sec, self.path)
        rate = self._file.samplerate
        first = min(max(round(start_sec * rate), 0), self._file.frames)
        last = min(max(round(end_sec * rate), 0), self._file.frames)
        with as_clip_errors(self.path, 'sound cannot be decoded'):
            mono = to_mono_16k(self._read(first, last)[None], rate)
        return place_samples(window, mono, round(max(-start_sec, 0) * SAMPLE_RATE_HZ))

    def _check_readable(self, size: int) -> None:
        """Refuse files that libsndfile opens but misreads; `size` is that of the file in bytes."""
        if self._file.frames == 0 and not _is_empty(self._file):
            raise UnknownToLibsndfileError(f'{self.path}: the header declares no sound, but more data follows')
        if self._file.frames == 0:
            raise ClipError(f'{self.path}: the sound file has no samples')
        if self._file.format == 'FLAC' and self._file.frames > FRAMES_PER_BYTE * size:
            raise UnknownToLibsndfileError(f'{self.path}: the header does not give the length of the sound')
        if not self._file.seekable():
            raise UnknownToLibsndfileError(f'{self.path}: the sound is not seekable')

    def _check_complete(self) -> None:
        """Compare a wav with its header: libsndfile shortens it to the existing data and only notes that in its log."""
        shortened = re.search(r'^data : (\d+) \(should be (\d+)\)', self._file.extra_info, re.MULTILINE)
        # a program that writes to a pipe cannot know the length, and sets the maximum of the field
        if shortened and int(shortened[1]) < UNKNOWN_LENGTH:
            raise ClipError(
                f'{self.path}: expected {shortened[1]} bytes of sound, found {shortened[2]}: the file is cut off'
            )

    def _read(self, first: int, last: int) -> np.ndarray:
        """Return samples [first, last) as float32 (N,)."""
        self._file.seek(first)
        step = VALUES_AT_ONCE // self._file.channels + 1
        parts, place = [np.zeros(0, dtype=np.float32)], first
        while place < last:
            samples = self._file.read(min(step, last - place), dtype='float32', always_2d=True).T  # (N, C) -> (C, N)
            place += samples.shape[1]
            if place < last and samples.shape[1] < step:
                raise ClipError(
                    f'{self.path}: expected {last - first} samples, got {place - first}: the file is cut off'
                )
            check_finite(samples, self.path)
            parts.append(mix_down(samples, self._names, self._channel, self.path))
        return np.concatenate(parts)


def _is_empty(file: soundfile.SoundFile) -> bool:
    """Return whether a wav that declares no sound ends where its header says, by libsndfile's log.

    An interrupted recorder leaves the header as it was at the beginning, and its sound after it.
    """
    length = re.search(r'^Length : (\d+)', file.extra_info, re.MULTILINE)
    announced = re.search(r'^(?:RIFF| +Riff size) : (\d+)', file.extra_info, re.MULTILINE)
    return not (length and announced) or abs(int(length[1]) - int(announced[1]) - 8) <= 1


def _channel_names(file: soundfile.SoundFile) -> list[str]:
    """Return the names of more than two channels if the file has them, else nothing."""
    if file.channels <= 2:
        return []
    if file.format == 'FLAC':
        return _FLAC.get(file.channels, '').split()
    mask = re.search(r'Channel Mask +: (0x[0-9A-F]+)', file.extra_info)
    bits = int(mask[1], 16) if mask else 0
    names = [name for place, name in enumerate(_MASK) if bits >> place & 1]
    return names if len(names) == file.channels else []
