"""Windows of a wav or flac file."""

import io
import re

import numpy as np
import soundfile

from mmavf.errors import ClipError

from .resample import SAMPLE_RATE_HZ, check_finite, check_rate, place_samples, to_mono_16k

# FFmpeg announces 0xFFFFFFFF, others a little less
UNKNOWN_LENGTH = 0x7FFFFFFF - 0x1000


class SoundFile:
    """A wav or flac file of which single windows are read.

    Args:
        path: The file; only its name, for messages, where its bytes are given.
        data: The bytes of the file.

    Attributes:
        start_sec: Start of the sound, 0.

    Raises:
        ClipError: It cannot be opened, is no sound, is cut off, or holds no samples or ones that are not finite.
    """

    SUFFIXES = ('.wav', '.flac')
    start_sec = 0.0

    def __init__(self, path: str, data: bytes | memoryview | None = None) -> None:
        self.path = path
        try:
            self._file = soundfile.SoundFile(path if data is None else io.BytesIO(data))
        except (soundfile.LibsndfileError, OSError) as error:
            raise ClipError(f'{path}: cannot be opened as sound ({error})') from error
        if self._file.frames == 0:
            raise ClipError(f'{path}: the sound file holds no samples')
        check_rate(self._file.samplerate, path)
        self._check_complete()
        if self._file.subtype in ('FLOAT', 'DOUBLE'):  # the only ones that can hold NaN: look at all of it
            check_finite(self._read(0, self._file.frames), path)

    @property
    def duration_sec(self) -> float:
        """Length of the sound in seconds."""
        return self._file.frames / self._file.samplerate

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Read the window [start_sec, end_sec) as mono 16 kHz.

        Returns:
            (round((end - start) * 16000),) float32; zeros where the file has no sound.

        Raises:
            ClipError: The window cannot be decoded or is shorter than the header says.
        """
        rate = self._file.samplerate
        first = min(max(round(start_sec * rate), 0), self._file.frames)
        last = min(max(round(end_sec * rate), 0), self._file.frames)
        samples = self._read(first, last)
        window = np.zeros(round((end_sec - start_sec) * SAMPLE_RATE_HZ), dtype=np.float32)
        return place_samples(window, to_mono_16k(samples, rate), 0)

    def _check_complete(self) -> None:
        """Compare a wav with its header: libsndfile shortens it to what is there, and says so only in its log."""
        shortened = re.search(r'^data : (\d+) \(should be (\d+)\)', self._file.extra_info, re.MULTILINE)
        # a program that wrote into a pipe could not know the length, and announces the most that the field holds
        if shortened and int(shortened[1]) < UNKNOWN_LENGTH:
            raise ClipError(
                f'{self.path}: {shortened[1]} bytes of sound announced, {shortened[2]} there: the file is cut off'
            )

    def _read(self, first: int, last: int) -> np.ndarray:
        """Return samples [first, last) as float32 (channels, N)."""
        try:
            self._file.seek(first)
            samples = self._file.read(last - first, dtype='float32', always_2d=True).T  # (N, C) -> (C, N)
        except soundfile.LibsndfileError as error:
            raise ClipError(f'{self.path}: sound cannot be decoded ({error})') from error
        if samples.shape[1] < last - first:
            raise ClipError(
                f'{self.path}: {last - first} samples announced, {samples.shape[1]} read: the file is cut off'
            )
        return samples
