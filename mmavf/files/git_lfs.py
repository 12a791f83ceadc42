"""Git LFS pointers: the small texts that stand in a clone for files that have not been fetched."""

import os
from pathlib import Path

POINTER_START = b'version https://git-lfs.github.com/spec/'
IS_POINTER = 'this is a Git LFS pointer, not the file itself: fetch the files with `git lfs pull`'


def is_lfs_pointer(path: str | Path) -> bool:
    """Tell whether a file is a Git LFS pointer; what is no file, or cannot be read, is none."""
    try:
        with open(path, 'rb') as file:
            return file.read(len(POINTER_START)) == POINTER_START
    except OSError:
        return False


def why_unreadable(path: str | Path, reason: str) -> str:
    """Return why a file could not be read: that it is a Git LFS pointer where it is one, else `reason`.

    It is asked when reading has failed, so that good files cost nothing.
    """
    return IS_POINTER if os.path.isfile(path) and is_lfs_pointer(path) else reason
