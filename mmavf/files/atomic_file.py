"""Files that are replaced atomically: a process that dies while it writes leaves the file that was there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend
from mmengine.logging import MMLogger

from mmavf.errors import ConfigError, WorkDirError

TEMPORARY_SUFFIX = '.unfinished'
_warned = False


def check_writable(path: str | Path) -> None:
    """Make sure, before hours of work, that a file can be written.

    Raises:
        ConfigError: There is a folder of that name, a file in the place of a folder, or no right to write.
    """
    path = Path(path)
    if path.is_dir():
        raise ConfigError(f'{path} is a folder: name a file in it.')
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise ConfigError(f'{path} cannot be written: there is a file where a folder is needed, {above}.')
    if not os.access(above, os.W_OK):
        raise ConfigError(f'{path} cannot be written: you may not write to {above}. Choose another place.')


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Replace a file by what the block writes; until the block ends, and if it fails, the old one stays.

    Where the file system cannot flush a folder, a power cut may undo the replacement; this is logged once.

    Args:
        path: The file; its folder is created if needed.

    Yields:
        A temporary path in the same folder, with another suffix. The block creates and closes the file there; it is
        then flushed to the disk and renamed, or removed if the block raises.

    Raises:
        OSError: The file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)  # else it would keep a full disk full
        raise
    _flush_folder(path.parent)


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write a whole file, text as UTF-8; see `replacing`.

    Raises:
        OSError: It cannot be written; the old file is still there.
    """
    with replacing(path) as temporary, open(temporary, 'wb') as file:
        file.write(content.encode() if isinstance(content, str) else content)


@register_backend('atomic')
class AtomicLocalBackend(LocalBackend):
    """MMEngine's local file backend, writing by `write_atomically`."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to `filepath`.

        Raises:
            OSError: They cannot be written; the old file is still there.
        """
        write_atomically(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text to `filepath`."""
        write_atomically(filepath, obj.encode(encoding))


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a rename in it survives a power cut."""
    global _warned
    try:
        _flush(folder)
    except OSError as error:
        if not _warned:
            _warned = True
            MMLogger.get_current_instance().warning(
                f'{folder}: the file system cannot flush a folder to the disk ({error.strerror}). Files there are '
                'complete, but a power cut may undo the last of them.'
            )


@contextmanager
def disk_faults(path: str | Path) -> Iterator[None]:
    """Turn an OSError on writing a training's file into an error that says how to continue.

    Raises:
        WorkDirError: The disk is full, read-only, or fails otherwise.
    """
    try:
        yield
    except OSError as error:
        raise WorkDirError(
            f'{error.filename or path} cannot be written ({error.strerror}). Earlier checkpoints '
            'are complete: free disk space, or fix the disk, and continue with --resume.'
        ) from error
