"""What the libraries raise where a file contradicts itself, as the one error that costs its clip alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import av
import soundfile

from mmavf.errors import ClipError

# Beside their own errors: sizes that do not fit, fields that are None, text in no encoding, memory that is not there.
_ERRORS = (
    av.FFmpegError,
    soundfile.SoundFileError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


@contextmanager
def as_clip_errors(path: str, failure: str) -> Iterator[None]:
    """Turn what a library raises inside into a ClipError: `path: failure (reason)`.

    Raises:
        ClipError: In place of the library's error; one raised inside passes as it is.
    """
    try:
        yield
    except ClipError:
        raise
    except _ERRORS as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise ClipError(f'{path}: {failure} ({reason})') from error
