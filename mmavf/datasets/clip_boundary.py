"""Conversion of any error about a clip into a ClipError with its path and a reason."""

import logging
import os
from traceback import extract_tb
from types import TracebackType

from mmengine.logging import MMLogger

from mmavf.errors import ClipError, MMAVFError

SHOWN_CHARACTERS = 200  # of another library's error message
# how torch and OpenCV report it, whose errors are not MemoryErrors
_MEMORY_SIGNS = ("can't allocate memory", 'bad_alloc', 'Insufficient memory', 'Failed to allocate')

_logged: set[tuple[type, str, int | None]] = set()  # kinds of errors whose traceback this process has logged


class ClipBoundary:
    """Context manager that converts any error inside it into the ClipError `PATH: REASON`, chained to its cause.

    Readers, codecs, detectors and transforms, including those of users, raise errors of many classes on unexpected
    input; no list of them would be complete. The traceback of an error from outside this package goes to the run's log
    file, once per process and kind (class and location), so that a bug in a transform does not pass for bad clips.

    Args:
        path: The clip's video, or its sound if it has no video.
        names: Other texts that identify it in messages, such as the path of its sound; '' is ignored.

    Raises:
        ClipError: Something failed; the message names the clip.
        MMAVFError: One of another class, such as ConfigError, passes unchanged: it is not about the clip.
    """

    def __init__(self, path: str, *names: str) -> None:
        self._path, self._names = path, [name for name in (path, *names) if name]

    def __enter__(self) -> None:
        pass

    # not contextlib's generator: it mistakes an error raised from StopIteration for one that Python made of it
    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if isinstance(error, ClipError):
            if not any(name in str(error) for name in self._names):
                raise ClipError(f'{self._path}: {error}') from error
        elif isinstance(error, Exception) and not isinstance(error, MMAVFError):
            _log_once(error, self._path)
            raise ClipError(f'{self._path}: {_reason(error)}') from error


def _reason(error: Exception) -> str:
    """Return in one line what went wrong and, for an unforeseen error, where."""
    text = str(error).strip()
    if isinstance(error, MemoryError) or any(sign in text for sign in _MEMORY_SIGNS):
        return 'it needs more memory than is available'
    first = text.partition('\n')[0]
    shown = first if len(first) <= SHOWN_CHARACTERS else f'{first[:SHOWN_CHARACTERS]}…'
    file, line = _place(error)
    what = f'{type(error).__name__}: {shown}' if shown else type(error).__name__
    return f'it cannot be processed ({what}; {os.path.basename(file)}, line {line})'


def _place(error: Exception) -> tuple[str, int | None]:
    """Return file and line of the Python code that raised an error."""
    last = extract_tb(error.__traceback__)[-1]
    return last.filename, last.lineno


def _log_once(error: Exception, path: str) -> None:
    kind = (type(error), *_place(error))
    if kind in _logged:
        return
    _logged.add(kind)
    text = f'{path}: the first {type(error).__name__} of this kind'
    info = type(error), error, error.__traceback__
    record = logging.LogRecord('mmavf', logging.ERROR, __file__, 0, text, None, info)
    for handler in MMLogger.get_current_instance().handlers:
        if isinstance(handler, logging.FileHandler):  # the console shows the reason
            handler.handle(record)
