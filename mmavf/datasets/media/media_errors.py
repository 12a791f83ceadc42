"""What the libraries raise where a file contradicts itself, as the one error that costs its clip alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import av
import soundfile

from mmavf.errors import ClipError

# Beside their own errors: sizes that do not fit, fields that are None, text in no encoding.
_ERRORS = (
    av.FFmpegError,
    soundfile.SoundFileError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
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
    except MemoryError as error:  # FFmpeg's too, for a size that no packet or table may have
        raise ClipError(f'{path}: {failure} (damaged or huge: it asks for more memory than there is)') from error
    except _ERRORS as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise ClipError(f'{path}: {failure} ({reason})') from error
