"""Exclusive locks on an open file and on a folder of results.

Both use flock, which the system releases when the process ends, however it does. Some file systems lack it (Lustre
without the mount option `flock`, some NFS): there a file is not locked at all, and a folder by the contents of its lock
file.
"""

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from mmengine.logging import MMLogger

from mmavf.errors import WorkDirError
from mmavf.files.json_lines import parse_line

LOCK_FILE = '.lock'
SETTLE_SEC = 0.2  # without flock: of two processes that write a lock file within this time, the later one has it
_warned = False  # inherited by data workers, so that a run warns once
_held: 'set[FolderLock]' = set()


def lock_file(fd: int, name: str | Path, wait: bool) -> bool:
    """Lock an open file until it is closed.

    Args:
        fd: Its descriptor.
        name: Its name in a warning.
        wait: Wait while another process holds the lock.

    Returns:
        Whether it is locked; False, with one warning, where the file system has no locks.

    Raises:
        BlockingIOError: Another process holds the lock, and `wait` is False.
    """
    global _warned
    try:
        fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if not _warned:
            _warned = True
            MMLogger.get_current_instance().warning(
                f'{name}: the file system has no file locks ({error.strerror}). Do not start two runs in one folder at '
                'the same time.'
            )
        return False
    return True


class FolderLock:
    """Reserves a folder for this process, from construction until `release` or the end of the process.

    The file `.lock` in it says who holds it: host, process, since when. A lock left by a dead process is taken over.
    Forked children do not hold the lock: those that outlive a killed process do not block the next run.

    Args:
        folder: The folder; created if needed.

    Raises:
        WorkDirError: Another process holds it, or the folder cannot be created or written to.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_FILE
        self._pid = os.getpid()
        self._fd: int | None = None
        make_folder(folder)
        try:
            while self._fd is None:
                self._fd = self._take()
        except OSError as error:
            raise WorkDirError(_cannot_write(folder, error)) from error
        _held.add(self)

    def __enter__(self) -> 'FolderLock':
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the folder. It may be called again, and does nothing in a forked child."""
        if self._fd is None or self._pid != os.getpid():
            return
        _held.discard(self)
        fd, self._fd = self._fd, None
        try:
            with suppress(OSError):  # the folder may be gone
                self.path.unlink()  # first, as the lock ends with the file's closing
        finally:
            os.close(fd)

    def _take(self) -> int | None:
        """Return the descriptor of the lock file, locked; None when its holder removed it in between."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            locked = lock_file(fd, self.path, wait=False)
            if not locked and self._is_in_use(holder := _read(fd)):
                raise WorkDirError(f'{self._in_use(holder)} If that run has ended, remove {self.path}.')
            if locked and not _lies_at(fd, self.path):
                os.close(fd)
                return None
            own = dict(host=socket.gethostname(), pid=self._pid, since=f'{datetime.now():%Y-%m-%d %H:%M:%S}')
            _write(fd, own)
            if not locked:
                time.sleep(SETTLE_SEC)
                if (holder := _read(fd)) != own:
                    raise WorkDirError(self._in_use(holder))
        except BlockingIOError as error:
            holder = _read(fd)
            os.close(fd)
            raise WorkDirError(self._in_use(holder)) from error
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _in_use(self, holder: dict) -> str:
        who = f' (host {holder["host"]}, process {holder["pid"]}, since {holder["since"]})' if holder else ''
        return (
            f'{self.path.parent}: another run is at work there{who}. Wait until it ends, stop it, or choose another '
            'folder.'
        )

    def _is_in_use(self, holder: dict) -> bool:
        """Return, without flock, whether the process that wrote a lock file may still be running."""
        if not holder or holder['host'] != socket.gethostname():
            return bool(holder)
        if holder['pid'] == self._pid:  # containers start numbering anew, so an earlier process may have had it too
            return any(lock.path == self.path for lock in _held)
        try:
            os.kill(holder['pid'], 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's process
        return True


def make_folder(folder: Path) -> None:
    """Create a folder for results and its parents, unless it exists.

    Raises:
        WorkDirError: It cannot be created, or a file has its name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkDirError(_cannot_write(folder, error)) from error


def _cannot_write(folder: Path, error: OSError) -> str:
    for place in (folder, *folder.parents):
        if os.path.exists(place) and not os.path.isdir(place):
            return f'{folder}: {place} is a file, not a folder. Choose another folder for the results.'
    return (
        f'{folder}: cannot be written to ({error.strerror}). Choose another folder, or check its disk and permissions.'
    )


def _lies_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _read(fd: int) -> dict:
    """Return what a lock file says about its holder; {} if it cannot be read."""
    value = parse_line(os.pread(fd, 4096, 0))
    if isinstance(value, dict) and {'host', 'pid', 'since'} <= value.keys() and isinstance(value['pid'], int):
        return value
    return {}


def _write(fd: int, holder: dict) -> None:
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(holder).encode() + b'\n', 0)


def _close_in_child() -> None:
    """Close the lock files in a forked child: while one is open there, the lock outlives the process that took it."""
    for lock in _held:
        if lock._fd is not None:
            os.close(lock._fd)
    _held.clear()


os.register_at_fork(after_in_child=_close_in_child)
