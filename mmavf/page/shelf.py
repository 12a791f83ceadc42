"""Files of visitors: each has one clip at a time, in a folder that nobody else can name."""

import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

KEPT_SEC = 3600.0


@dataclass(frozen=True)
class Clip:
    """A visitor's clip.

    Attributes:
        token: What its addresses contain instead of a name; 192 random bits.
        folder: Where its files lie.
        upload: The uploaded file, which Gradio's fields may still show until the clip is finished.
        begun_sec: When it came, on the monotonic clock.
    """

    token: str
    folder: Path
    upload: Path
    begun_sec: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """The name of the file that was uploaded; it may be anything."""
        return self.upload.name

    @property
    def source(self) -> Path:
        """Where the uploaded file lies until it has been used."""
        return self.folder / f'source{self.upload.suffix.lower()}'

    def finish(self) -> None:
        """Remove what was uploaded, but nothing that was made of it."""
        self.source.unlink(missing_ok=True)
        self.upload.unlink(missing_ok=True)


class Shelf:
    """The clips of all visitors, each kept until its visitor has another, for an hour at most, and until `close`.

    Use it as a context. Its methods may be called from several threads.

    Attributes:
        uploads: Folder for files that are being uploaded.
    """

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix='mmavf-page-'))  # for this user only
        self.uploads = self._root / 'uploads'
        self.uploads.mkdir()
        self._clips: dict[str, Clip] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> 'Shelf':
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def put(self, visitor: str, upload: Path) -> Clip:
        """Give an uploaded file a folder of its own; remove the visitor's last clip.

        Raises:
            FileNotFoundError: The upload is gone.
        """
        self.remove_older(KEPT_SEC)
        token = secrets.token_urlsafe(24)
        clip = Clip(token, self._root / token, upload)
        clip.folder.mkdir()
        try:
            clip.source.hardlink_to(upload)
        except OSError:
            shutil.rmtree(clip.folder)
            raise
        with self._lock:
            former = self._clips.get(visitor)
            self._clips[visitor] = clip
        _remove(former)
        return clip

    def find(self, token: str) -> Clip | None:
        """Return the clip of a token."""
        with self._lock:
            return next((clip for clip in self._clips.values() if secrets.compare_digest(clip.token, token)), None)

    def of(self, visitor: str) -> Clip | None:
        """Return the clip of a visitor."""
        with self._lock:
            return self._clips.get(visitor)

    def remove(self, visitor: str) -> None:
        """Remove the clip of a visitor, if there is one."""
        with self._lock:
            clip = self._clips.pop(visitor, None)
        _remove(clip)

    def remove_older(self, age_sec: float) -> None:
        """Remove clips, and uploads that nobody asked about, of more than an age."""
        with self._lock:
            old = [key for key, clip in self._clips.items() if time.monotonic() - clip.begun_sec > age_sec]
            clips = [self._clips.pop(key) for key in old]
        for clip in clips:
            _remove(clip)
        for path in self.uploads.rglob('*'):
            if path.is_file() and time.time() - path.stat().st_mtime > age_sec:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            self._clips.clear()
        shutil.rmtree(self._root, ignore_errors=True)


def _remove(clip: Clip | None) -> None:
    if clip is not None:
        clip.finish()
        shutil.rmtree(clip.folder, ignore_errors=True)
