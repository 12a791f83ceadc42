"""Files that are whole or not there, whenever the process dies."""

import os
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

TEMPORARY_SUFFIX = '.unfinished'


@register_backend('atomic')
class AtomicLocalBackend(LocalBackend):
    """MMEngine's local file backend, with writes that replace a file in one moment.

    Contents go to a temporary name in the same folder, are flushed to the disk, and are then renamed.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to `filepath`."""
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
        with open(temporary, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename itself must survive a power cut
        finally:
            os.close(folder)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text to `filepath`."""
        self.put(obj.encode(encoding), filepath)
