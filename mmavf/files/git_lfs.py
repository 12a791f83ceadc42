"""Git LFS pointers: small text files in place of files that have not been fetched."""

import os
from pathlib import Path

POINTER_START = b'version https://git-lfs.github.com/spec/'
IS_POINTER = 'this is a Git LFS pointer, not the file itself: fetch the files with `git lfs pull`'


def is_lfs_pointer(path: str | Path) -> bool:
    """Return whether a file is a Git LFS pointer; False if it cannot be read."""
    try:
        with open(path, 'rb') as file:
            return file.read(len(POINTER_START)) == POINTER_START
    except OSError:
        return False


def why_unreadable(path: str | Path, reason: str) -> str:
    """Return why a file could not be read: because it is a Git LFS pointer, or else `reason`.

    To be called after reading has failed, so that good files cost nothing.
    """
    return IS_POINTER if os.path.isfile(path) and is_lfs_pointer(path) else reason
