"""The newest checkpoint of a run."""

from pathlib import Path

from mmavf.errors import CheckpointError


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the newest checkpoint that a run wrote; None where it wrote none.

    MMEngine writes the path down as it was then. In a folder that was moved or copied since, the file of that name in
    the folder itself is meant.

    Raises:
        CheckpointError: `last_checkpoint` names no checkpoint, as after a power cut, or one that is gone.
    """
    note = Path(work_dir, 'last_checkpoint')
    if not note.exists():
        return None
    text = note.read_text(errors='replace').strip('\0 \t\r\n') if note.is_file() else ''
    if not text:
        raise CheckpointError(f'{note} is empty or damaged: {_advice(note.parent)}')
    written = Path(text)
    beside = Path(work_dir, written.name)
    if beside.is_file():
        return beside
    if not written.is_file():
        raise CheckpointError(f'{note} names {written}, which does not exist: {_advice(note.parent)}')
    return written


def _advice(work_dir: Path) -> str:
    there = sorted(work_dir.glob('*.pth'), key=lambda path: path.stat().st_mtime)
    if not there:
        return 'remove it to start again; there is no checkpoint in the folder.'
    return f'pass the checkpoint by its name, such as --resume {there[-1]}, the newest in the folder.'
