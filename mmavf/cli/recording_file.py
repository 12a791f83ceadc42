"""Whether results are of a recording as it is now: its file, its size, the time of its last change."""

from os import stat_result
from pathlib import Path
from typing import Any

from mmavf.errors import ClipError
from mmavf.timeline import SourceInfo


def describe_file(recording: Path) -> dict[str, Any]:
    """Return the fields of `SourceInfo` by which the file of a recording is known again.

    Raises:
        ClipError: The file is not there any more.
    """
    status = _status(recording)
    return dict(absolute_path=str(recording.resolve()), size_bytes=status.st_size, modified_ns=status.st_mtime_ns)


def is_same_file(source: SourceInfo, recording: Path) -> bool:
    """Whether results that name `source` are of this file, from whatever folder the command was called.

    Where the file that they were made of is gone, as from a folder that was moved with its results, and where earlier
    versions did not note it, the path as it was typed decides.
    """
    noted = source.absolute_path
    named = Path(source.path if noted is None or not Path(noted).exists() else noted)
    return named.resolve() == recording.resolve()


def is_unchanged(source: SourceInfo, recording: Path, result: Path) -> bool:
    """Whether the file is as it was; of results of earlier versions, whether they were written after it.

    A later time alone does not tell: copying and moving keep the time of what takes the recording's place.

    Raises:
        ClipError: The file is not there any more.
    """
    status = _status(recording)
    if source.size_bytes is None or source.modified_ns is None:
        return result.stat().st_mtime >= status.st_mtime
    return (source.size_bytes, source.modified_ns) == (status.st_size, status.st_mtime_ns)


def _status(recording: Path) -> stat_result:
    try:
        return recording.stat()
    except OSError as error:
        raise ClipError(f'{recording}: cannot be read: {error.strerror}') from error
