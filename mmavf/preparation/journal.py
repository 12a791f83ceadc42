"""The journal of finished work, from which a stopped preparation continues."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from mmengine.logging import MMLogger

from mmavf.errors import PreparationError, WorkDirError
from mmavf.files.file_lock import LOCK_FILE, FolderLock
from mmavf.files.json_lines import parse_line, unreadable_text

FILE = 'journal.jsonl'
START_OVER = 'Choose another folder, use the same settings, or start over with --restart.'


class Journal:
    """JSON lines in the output folder: a header with the settings, then one line per finished unit of work.

    A line is appended when its files are in their places. Whenever the process dies, all lines are complete except
    perhaps the last, which is dropped. Unreadable lines are dropped with a warning, and their units done again. Only
    one process can use the folder.

    Args:
        folder: The output folder; created if needed.
        header: What determines the results, by name; JSON values. A journal with another header is refused.
        replaced: Start over: names of files and folders of an earlier run that are removed first, with its journal.
        advice: What to do if the folder has another header, or a damaged one.

    Raises:
        PreparationError: Another run uses the folder, it has another header or other contents, the header is damaged,
            or the journal cannot be written.
    """

    def __init__(
        self, folder: Path, header: dict[str, Any], replaced: Sequence[str] = (), advice: str = START_OVER
    ) -> None:
        self.path, self._advice = folder / FILE, advice
        self._lines: dict[str, bytes] = {}  # a million of them: undecoded they take a fifth of the memory
        self._fd = -1  # not open
        if not self.path.exists() and folder.is_dir() and any(entry.name != LOCK_FILE for entry in folder.iterdir()):
            raise PreparationError(f'{folder} is not empty and not a preparation: choose another folder')
        try:
            self._lock = FolderLock(folder)
        except WorkDirError as error:
            raise PreparationError(str(error)) from error
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            if replaced:
                remove([folder / name for name in replaced])
                os.truncate(self._fd, 0)
            self._read(json.loads(json.dumps(header)))
        except OSError as error:
            self.close()
            raise PreparationError(f'{self.path}: cannot be written ({error.strerror})') from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> 'Journal':
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release the folder."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock.release()

    def write(self, unit: str, record: dict) -> None:
        """Record that a unit is done, with its results (JSON values).

        Raises:
            PreparationError: The disk is full, or the file cannot be written for another reason.
        """
        self._lines[unit] = self._append([unit, record])

    def read(self, unit: str) -> dict | None:
        """Return the last record of a unit; None if there is none."""
        return json.loads(self._lines[unit])[1] if unit in self._lines else None

    def _append(self, value: Any) -> bytes:
        line = line_of(value)
        try:
            written = os.write(self._fd, line)  # unbuffered, so that it survives this process
        except OSError as error:
            raise PreparationError(f'{self.path}: cannot be written ({error.strerror})') from error
        if written < len(line):
            raise PreparationError(
                f'{self.path}: no space left on the disk. Free some space and run the command again.'
            )
        return line

    def _read(self, header: dict) -> None:
        """Read the units of an earlier run, or write the header of a new one."""
        own, size, unreadable = None, 0, 0
        with open(self.path, 'rb') as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b'\n'):
                    break  # the process died, or the disk was full, while writing it
                size += len(line)
                value = parse_line(line)
                if number == 1 and not isinstance(value, dict):
                    raise PreparationError(
                        f'{self.path}: the journal is damaged: its first line, with the settings, cannot be read. '
                        f'{self._advice}'
                    )
                if number == 1:
                    own = value
                elif _is_unit(value):
                    self._lines[value[0]] = line
                else:
                    unreadable += 1
        if unreadable:
            MMLogger.get_current_instance().warning(
                f'{unreadable_text(self.path, unreadable)} Their clips are done again; clips that were left out '
                'are retried only with --retry-failed.'
            )
        os.truncate(self._fd, size)
        if own is None:
            self._append(header)
        elif own != header:
            raise PreparationError(
                f'{self.path.parent} has other settings: {"; ".join(differences(own, header))}. {self._advice}'
            )


def line_of(value: Any) -> bytes:
    """Return a line of a journal: the header, or the name and record of a unit."""
    # what is not UTF-8 becomes JSON escapes
    return json.dumps(value, ensure_ascii=False).encode(errors='backslashreplace') + b'\n'


def differences(old: dict, new: dict, prefix: str = '') -> Iterator[str]:
    """Yield what differs between two nested dicts, one text per value."""
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from differences(before, after, f'{prefix}{key}.')
        elif before != after:
            yield f'{prefix}{key} was {json.dumps(before)}, is now {json.dumps(after)}'


def remove(paths: Iterable[Path]) -> None:
    """Remove files and whole folders, ignoring those that do not exist."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_unit(value: Any) -> TypeGuard[list]:
    """Return whether a value has the form that `Journal.write` writes."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)
