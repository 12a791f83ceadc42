"""The record of what is done, from which a preparation goes on after it was stopped."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mmavf.errors import PreparationError

FILE = 'journal.jsonl'


class Journal:
    """JSON lines in the output folder: a header that says what is made, then one line per unit of work that is done.

    A line is appended when the files that it speaks of are in their places. Whatever moment the process dies at, the
    file holds whole lines but perhaps the last, which is dropped. Only one process can have it open.

    Args:
        folder: The output folder; made if there is none.
        header: What decides on the results, by name; values that JSON can hold. A journal with another header is
            refused.
        replaced: Begin anew: names of files and folders of an earlier run that are removed first, with its journal.

    Raises:
        PreparationError: Another run works in the folder; it was begun with another header; it holds other things; the
            journal is damaged, or cannot be written.
    """

    def __init__(self, folder: Path, header: dict[str, Any], replaced: Sequence[str] = ()) -> None:
        self.path = folder / FILE
        self._lines: dict[str, bytes] = {}  # a million of them: texts take a fifth of the room of what they say
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self.path.exists() and any(folder.iterdir()):
                raise PreparationError(f'{folder} is not empty and holds no preparation: choose another folder')
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise PreparationError(f'{folder}: cannot be written to ({error.strerror})') from error
        try:
            _lock(self._fd, folder)
            if replaced:
                remove([folder / name for name in replaced])
                os.truncate(self._fd, 0)
            self._read(json.loads(json.dumps(header)))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> 'Journal':
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, so that another run may open it."""
        os.close(self._fd)

    def write(self, unit: str, record: dict) -> None:
        """Note that a unit is done, with what came of it (values that JSON can hold).

        Raises:
            PreparationError: The disk is full, or the file cannot be written for another reason.
        """
        self._lines[unit] = self._append([unit, record])

    def read(self, unit: str) -> dict | None:
        """Return what was written of a unit, the last time; None when it was not."""
        return json.loads(self._lines[unit])[1] if unit in self._lines else None

    def _append(self, value: Any) -> bytes:
        # JSON's own escapes stand for what is not UTF-8
        line = json.dumps(value, ensure_ascii=False).encode(errors='backslashreplace') + b'\n'
        try:
            written = os.write(self._fd, line)  # without a buffer of this process: it outlives it
        except OSError as error:
            raise PreparationError(f'{self.path}: cannot be written ({error.strerror})') from error
        if written < len(line):
            raise PreparationError(f'{self.path}: no room left on the disk. Make room and start the command again.')
        return line

    def _read(self, header: dict) -> None:
        """Read the units of an earlier run, or write the header of a new one."""
        own, size = None, 0
        with open(self.path, 'rb') as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b'\n'):
                    break  # the process died, or the disk was full, while it was written
                size += len(line)
                try:
                    value = json.loads(line)
                except ValueError as error:
                    raise PreparationError(
                        f'{self.path}:{number}: the journal is damaged. Begin anew with --restart.'
                    ) from error
                if number == 1:
                    own = value
                else:
                    self._lines[value[0]] = line
        os.truncate(self._fd, size)
        if own is None:
            self._append(header)
        elif own != header:
            raise PreparationError(
                f'{self.path.parent} was begun otherwise: {"; ".join(differences(own, header))}. Choose another '
                'folder, use the same settings, or begin anew with --restart.'
            )


def differences(old: dict, new: dict, prefix: str = '') -> Iterator[str]:
    """Yield what differs between two nested dicts, one text per value."""
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from differences(before, after, f'{prefix}{key}.')
        elif before != after:
            yield f'{prefix}{key} was {json.dumps(before)}, is now {json.dumps(after)}'


def remove(paths: Iterable[Path]) -> None:
    """Remove files and whole folders; one that is not there is no fault."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _lock(fd: int, folder: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released when the process ends, however it does
    except BlockingIOError as error:
        raise PreparationError(f'{folder}: another run is at work there') from error
