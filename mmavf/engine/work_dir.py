"""A run's work dir as a whole: kept from other runs, repaired after a kill, and how to resume from it."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.logging import MMLogger

from mmavf.checkpoints.latest_checkpoint import latest_checkpoint
from mmavf.errors import CheckpointError, WorkDirError
from mmavf.files.atomic_file import write_atomically
from mmavf.files.file_lock import FolderLock
from mmavf.files.json_lines import read_json_lines, unreadable_text

RECORDS = ('nonfinite_samples.jsonl', '*/vis_data/scalars.json')  # bad_samples.jsonl: see `forget_repaired`
_claimed: dict[Path, FolderLock] = {}


def claim(work_dir: Path) -> None:
    """Keep other processes out of a work dir until `release` or the end of this one; claiming again has no effect.

    Raises:
        WorkDirError: Another run uses it, or it cannot be written to.
    """
    folder = work_dir.resolve()
    if folder not in _claimed:
        _claimed[folder] = FolderLock(folder)


def claim_on_all_ranks(work_dir: Path) -> None:
    """Claim a work dir by the main process; call it on all.

    Raises:
        WorkDirError: The main process cannot claim it; on all ranks alike.
    """
    fault: list[str | None] = [None]
    if is_main_process():
        try:
            claim(work_dir)
        except WorkDirError as error:
            fault = [str(error)]
    broadcast_object_list(fault)
    if fault[0] is not None:
        raise WorkDirError(fault[0])


def release(work_dir: Path) -> None:
    """Let other processes use a work dir."""
    lock = _claimed.pop(work_dir.resolve(), None)
    if lock is not None:
        lock.release()


@contextmanager
def claimed(work_dir: Path) -> Iterator[None]:
    """Claim a work dir on all ranks inside the block.

    Raises:
        WorkDirError: It cannot be claimed.
    """
    claim_on_all_ranks(work_dir)
    try:
        yield
    finally:
        release(work_dir)


@atexit.register
def _release_all() -> None:
    for folder in list(_claimed):
        release(folder)


def repair_records(work_dir: Path) -> None:
    """Remove lines that cannot be read from the records of earlier runs, with a warning for each file.

    They were cut off when a process was killed or the disk was full, and other programs cannot read the file.
    """
    for path in sorted(path for pattern in RECORDS for path in work_dir.glob(pattern)):
        found = read_json_lines(path)
        if found.unreadable:
            MMLogger.get_current_instance().warning(unreadable_text(path, found.unreadable))
            write_atomically(path, b''.join(found.lines))


def resume_hint(work_dir: Path) -> str:
    """Return a sentence on the last checkpoint of a run that was stopped."""
    try:
        last = latest_checkpoint(work_dir)
    except CheckpointError as error:
        return str(error)
    if last is None:
        return 'It has written no checkpoint yet.'
    return f'The last checkpoint is {last}: continue from it with --resume.'
