"""What a run does to its work dir as a whole: keep others out, mend what a killed run left, say how to go on."""

import atexit
from pathlib import Path

from mmengine.logging import MMLogger

from mmavf.checkpoints.latest_checkpoint import latest_checkpoint
from mmavf.errors import CheckpointError
from mmavf.files.atomic_file import write_atomically
from mmavf.files.file_lock import FolderLock
from mmavf.files.json_lines import read_json_lines, unreadable_text

RECORDS = ('nonfinite_samples.jsonl', '*/vis_data/scalars.json')  # bad_samples.jsonl: see `forget_repaired`
_kept: dict[Path, FolderLock] = {}


def keep(work_dir: Path) -> None:
    """Keep other processes out of a work dir until `let_go` or the end of this one; once more has no effect.

    Raises:
        WorkDirError: Another run is at work there, or it cannot be written to.
    """
    folder = work_dir.resolve()
    if folder not in _kept:
        _kept[folder] = FolderLock(folder)


def let_go(work_dir: Path) -> None:
    """Let other processes have a work dir."""
    lock = _kept.pop(work_dir.resolve(), None)
    if lock is not None:
        lock.release()


@atexit.register
def _let_all_go() -> None:
    for folder in list(_kept):
        let_go(folder)


def repair_records(work_dir: Path) -> None:
    """Take lines that cannot be read out of the records of earlier runs, with a warning for each file.

    They were cut off when a process was killed or the disk was full, and other programs cannot read the file.
    """
    for path in sorted(path for pattern in RECORDS for path in work_dir.glob(pattern)):
        found = read_json_lines(path)
        if found.unreadable:
            MMLogger.get_current_instance().warning(unreadable_text(path, found.unreadable))
            write_atomically(path, b''.join(found.lines))


def how_to_go_on(work_dir: Path) -> str:
    """Return a sentence on the last checkpoint of a run that was stopped."""
    try:
        last = latest_checkpoint(work_dir)
    except CheckpointError as error:
        return str(error)
    if last is None:
        return 'It has written no checkpoint yet.'
    return f'The last checkpoint is {last}: --resume goes on from there.'
