"""The check that media are regular files."""

import os
import stat

from mmavf.errors import ClipError

_KINDS = {
    stat.S_IFDIR: 'a folder',
    stat.S_IFIFO: 'a pipe',
    stat.S_IFCHR: 'a device',
    stat.S_IFBLK: 'a device',
    stat.S_IFSOCK: 'a socket',
}


def require_regular_file(path: str) -> None:
    """Refuse anything but a regular file, after following links: opening a pipe blocks, and a device may never end.

    Raises:
        ClipError: `path` does not exist, cannot be reached, or is a folder, pipe, device or socket.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise ClipError(f'{path}: cannot be opened ({getattr(error, "strerror", error)})') from error
    if not stat.S_ISREG(mode):
        raise ClipError(f'{path}: is not a regular file but {_KINDS.get(stat.S_IFMT(mode), "something else")}')
