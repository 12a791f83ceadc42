"""Files that are whole or not there, whenever the process dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend
from mmengine.logging import MMLogger

from mmavf.errors import WorkDirError

TEMPORARY_SUFFIX = '.unfinished'
_warned = False


@register_backend('atomic')
class AtomicLocalBackend(LocalBackend):
    """MMEngine's local file backend, with writes that replace a file in one moment.

    Contents go to a temporary name in the same folder, are flushed to the disk, and are then renamed. What cannot be
    written to the end, on a full disk say, is removed again. Where the file system cannot flush a folder, a power cut
    may undo the rename; the file counts as written, and one warning tells.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to `filepath`.

        Raises:
            OSError: They cannot be written; what was there before is there still.
        """
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
        try:
            with open(temporary, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)  # else it would keep the disk full
            raise
        _flush_folder(path.parent)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text to `filepath`."""
        self.put(obj.encode(encoding), filepath)


def _flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a rename in it survives a power cut."""
    global _warned
    try:
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        if not _warned:
            _warned = True
            MMLogger.get_current_instance().warning(
                f'{folder}: the file system cannot flush a folder to the disk ({error.strerror}). Files there are '
                'written whole, but a power cut may undo the last of them.'
            )


@contextmanager
def disk_faults(path: str | Path) -> Iterator[None]:
    """Turn what keeps a file of a training from being written into an error that says how to go on.

    Raises:
        WorkDirError: The disk is full, read-only, or fails otherwise.
    """
    try:
        yield
    except OSError as error:
        raise WorkDirError(
            f'{error.filename or path} cannot be written ({error.strerror}). Checkpoints that were written before are '
            'whole: make room, or mend the disk, and go on with --resume.'
        ) from error
