"""Record of unusable clips in training."""

import json
import os
from typing import Any

from mmengine.logging import MMLogger

from mmavf.errors import TooManyBadSamplesError
from mmavf.files.atomic_file import write_atomically
from mmavf.files.file_lock import lock_file
from mmavf.files.json_lines import parse_lines, read_json_lines, unreadable_text


class BadSampleLog:
    """One line per distinct unusable clip over all epochs, workers and ranks, and a limit on their number.

    The process that finds a bad clip appends it to one shared file under a file lock, unless the file has it already.
    If the file cannot be written, for instance because the disk is full, bad clips go to the log only and each process
    counts its own.

    Args:
        ann_file: The list of the clips.
        num_entries: Its length.
        max_bad_ratio: The run stops when more than this share of the entries is bad.

    Attributes:
        file: Path of the shared file (JSON lines with `path`, `reason`, `index`, ...); None: bad clips go to the log
            only and each process counts its own.
    """

    def __init__(self, ann_file: str, num_entries: int, max_bad_ratio: float) -> None:
        self.file: str | None = None
        self._ann_file = ann_file
        self._num_entries = num_entries
        self._max_bad_ratio = max_bad_ratio
        self._seen: set[tuple] = set()

    def record(self, clip: dict, reason: str) -> None:
        """Record a clip.

        Args:
            clip: Input of the pipeline: `video_path`, `audio_path`, `index`, `sample_id`, perhaps `start` and `end`.
            reason: Why it cannot be used; names the faulty file.

        Raises:
            TooManyBadSamplesError: More than `max_bad_ratio` of the list is bad.
        """
        line = {'path': clip['video_path'], 'reason': reason, 'index': clip['index'], 'id': clip['sample_id']}
        line |= {'audio': clip['audio_path'], 'start': clip.get('start'), 'end': clip.get('end')}
        line |= {'ann_file': self._ann_file, 'modified': _last_modified(line)}
        if _identity(line) in self._seen:
            return
        self._seen.add(_identity(line))
        is_new, count = (True, len(self._seen)) if self.file is None else self._share(self.file, line)
        if is_new:
            MMLogger.get_current_instance().warning(f'bad sample {count} of {self._ann_file}: {reason}')
        if count > self._max_bad_ratio * self._num_entries:
            raise TooManyBadSamplesError(
                f'{count} of {self._num_entries} clips of {self._ann_file} cannot be used, more than max_bad_ratio='
                f'{self._max_bad_ratio:g} allows. Last one: {reason}. '
                + (f'All of them: {self.file}' if self.file else 'The log names all of them.')
            )

    def _share(self, path: str, line: dict) -> tuple[bool, int]:
        """Append `line` unless the file has its clip; return whether it is new, and the list's number of bad clips."""
        try:
            return self._append(path, line)
        except OSError as error:
            MMLogger.get_current_instance().warning(
                f'{path} cannot be written ({error.strerror}): from now on this process records bad samples in '
                'the log only.'
            )
            self.file = None
            return True, len(self._seen)

    def _append(self, path: str, line: dict) -> tuple[bool, int]:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, 'ab+', buffering=0) as file:  # without a buffer a line is written at once
            lock_file(file.fileno(), path, wait=True)  # released when the file is closed
            file.seek(0)
            content = file.read()
            entries = parse_lines(content, _is_entry).values
            known = {_identity(entry) for entry in entries if entry.get('ann_file') == self._ann_file}
            is_new = _identity(line) not in known
            if is_new:
                begin = b'\n' if content and not content.endswith(b'\n') else b''  # another process's line was cut off
                text = json.dumps(line, ensure_ascii=False)
                # bytes of a name that are not UTF-8 become escapes, as JSON has them
                file.write(begin + text.encode(errors='backslashreplace') + b'\n')
            return is_new, len(known) + is_new


def forget_repaired(file: str) -> None:
    """Remove clips from a record whose files have changed since; a resumed run finds them again if they are still bad.

    Unreadable lines are removed too, with a warning. No other process may be using the file.

    Args:
        file: The record of the resumed run; it need not exist.
    """
    if not os.path.exists(file):
        return
    entries, lines, unreadable = read_json_lines(file, _is_entry)
    kept = [line for entry, line in zip(entries, lines, strict=True) if _is_unchanged(entry)]
    logger = MMLogger.get_current_instance()
    if unreadable:
        logger.warning(f'{unreadable_text(file, unreadable)} Clips that are still bad will be found again.')
    if len(kept) < len(lines):
        logger.info(
            f'{file}: {len(lines) - len(kept)} of {len(lines)} bad samples have changed since and will be tried again'
        )
    if unreadable or len(kept) < len(lines):
        write_atomically(file, b''.join(kept))


def _is_entry(value: Any) -> bool:
    """Return whether a line was written by `BadSampleLog`."""
    if not isinstance(value, dict) or not isinstance(value.get('path'), str):
        return False
    parts = (value.get(key) for key in ('audio', 'start', 'end', 'ann_file'))
    return all(part is None or isinstance(part, str | int | float) for part in parts)


def _is_unchanged(line: dict) -> bool:
    return line.get('modified') == _last_modified(line)


def _last_modified(line: dict) -> float | None:
    """Return the modification time of a clip's newest file in seconds; None if there is none."""
    files = [path for path in (line['path'], line.get('audio')) if path]
    times = [os.stat(path).st_mtime for path in files if os.path.exists(path)]
    return max(times, default=None)


def _identity(line: dict) -> tuple:
    """Return what lines about the same clip have in common: its files and its part of them."""
    return line['path'], line.get('audio'), line.get('start'), line.get('end')
