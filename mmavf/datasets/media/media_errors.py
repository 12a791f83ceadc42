"""Conversion of the errors that libraries raise for a damaged file into ClipError."""

from collections.abc import Iterator
from contextlib import contextmanager

import av
import soundfile

from mmavf.errors import ClipError

# Besides their own errors: sizes that do not fit, fields that are None, text in no known encoding.
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
    """Turn errors of libraries in the block into a ClipError: `path: failure (reason)`.

    Raises:
        ClipError: In place of the library's error; a ClipError passes unchanged.
    """
    try:
        yield
    except ClipError:
        raise
    except MemoryError as error:  # FFmpeg raises it, too, for an impossible size of a packet or table
        raise ClipError(f'{path}: {failure} (damaged or huge: it needs more memory than there is)') from error
    except _ERRORS as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise ClipError(f'{path}: {failure} ({reason})') from error
