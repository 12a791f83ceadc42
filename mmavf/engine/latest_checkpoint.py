"""Which checkpoint of a run is its newest."""

from pathlib import Path


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the newest checkpoint that a run wrote; None where it wrote none.

    MMEngine writes the path down as it was then. In a folder that was moved or copied since, the file of that name in
    the folder itself is meant.
    """
    note = Path(work_dir, 'last_checkpoint')
    if not note.exists():
        return None
    written = Path(note.read_text().strip())
    beside = Path(work_dir, written.name)
    return beside if beside.exists() else written
