"""Folders that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmavf.errors import ConfigError

from .atomic_file import TEMPORARY_SUFFIX


def check_new_folder(path: str | Path) -> None:
    """Make sure, before hours of work, that a folder can be made: it is not there, or is empty.

    Raises:
        ConfigError: There is a file of that name, a folder with something in it, or no right to write.
    """
    path = Path(path)
    if path.is_dir():
        if any(path.iterdir()):
            raise ConfigError(f'{path} is a folder with files in it: choose a new one, or remove it.')
    elif path.exists() or path.is_symlink():
        raise ConfigError(f'{path} is a file, and a folder is to be written: choose another name.')
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise ConfigError(f'{path} cannot be written: you may not write to {above}. Choose another place.')


@contextmanager
def making_folder(path: str | Path) -> Iterator[Path]:
    """Make a folder with what the block writes; if the block fails, there is none.

    Args:
        path: The folder; it must not be there, or be empty. Folders above it are made.

    Yields:
        A temporary folder beside it, which is renamed when the block ends.

    Raises:
        ConfigError: See `check_new_folder`.
        OSError: The folder cannot be written.
    """
    check_new_folder(path)
    path = Path(path).resolve()  # '.' has no name
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    shutil.rmtree(temporary, ignore_errors=True)  # of a process that was killed
    temporary.mkdir(parents=True)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
