"""Generation of the synthetic set in a folder: clips, lists, class names and a README."""

import csv
import io
import json
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from mmavf.errors import ConfigError, ListError
from mmavf.files.atomic_file import write_atomically

from .emotions import CLASSES, EMOTIONS
from .face import FacePainter
from .settings import FOLDS, SyntheticSettings
from .subjects import make_subject
from .timeline import Performance, perform
from .voice import speak
from .writer import write_clip

_COLUMNS = ('video', 'audio', 'label', 'subject', 'fold', 'id')
_SETTINGS_FILE = 'settings.json'
_VERSION = 3  # increased whenever the same settings would give other clips


@dataclass(frozen=True)
class ClipEntry:
    """A planned clip: `number` from 0, the subject's number, the emotion, `fold` from 1, a unique id."""

    number: int
    subject: int
    emotion: str
    fold: int
    id: str

    @property
    def subject_name(self) -> str:
        """Name of the subject in lists and at the start of the id."""
        return _subject_name(self.subject)


def _subject_name(subject: int) -> str:
    return f's{subject + 1:02d}'


def plan_clips(settings: SyntheticSettings) -> list[ClipEntry]:
    """Plan all clips: subjects take turns and act each emotion once per turn."""
    entries = []
    for number in range(settings.clips):
        turn, place = divmod(number, len(CLASSES))
        take, subject = divmod(turn, settings.subjects)
        emotion = CLASSES[place]
        clip_id = f'{_subject_name(subject)}_{emotion}_{take + 1:02d}'
        entries.append(ClipEntry(number, subject, emotion, 1 + subject % FOLDS, clip_id))
    return entries


def perform_entry(settings: SyntheticSettings, entry: ClipEntry) -> Performance:
    """Return the performance in a planned clip."""
    rng = np.random.default_rng((settings.seed, 2, entry.number))
    frames = round(rng.uniform(*settings.seconds) * settings.fps)
    subject = make_subject(settings.seed, entry.subject)
    return perform(settings.seed, entry.number, subject, entry.emotion, frames, settings.fps)


def render_entry(settings: SyntheticSettings, entry: ClipEntry, path: Path) -> None:
    """Draw, speak and write a planned clip."""
    cv2.setNumThreads(1)  # clips are drawn in parallel
    performance = perform_entry(settings, entry)
    painter = FacePainter(performance, settings.size, np.random.default_rng((settings.seed, 3, entry.number)))
    sound = speak(performance, np.random.default_rng((settings.seed, 4, entry.number)))
    frames = (painter.frame(number) for number in range(performance.frames))
    write_clip(path, frames, sound, settings.size, settings.fps)


def build_synthetic_set(out: Path, settings: SyntheticSettings, workers: int = 1, overwrite: bool = False) -> int:
    """Make the set in the folder `out`, or complete one begun with the same settings.

    Writes `videos/<id>.mp4`, `lists/{all,train,val,pretrain}.csv`, `classes.txt` and `README.md`; paths in the lists
    are relative to `out`. The content depends only on the settings, not on the number of workers.

    Args:
        out: Folder of the set.
        settings: Settings of the set.
        workers: Number of processes.
        overwrite: Whether a set made with other settings may be replaced.

    Returns:
        Number of clips written; existing ones are kept.

    Raises:
        ConfigError: There is less than one worker.
        ListError: `out` holds something else, or a set with other settings and `overwrite` is off.
    """
    if workers < 1:
        raise ConfigError(f'Synthetic set: workers must be at least 1, got {workers}.')
    _claim(out, settings, overwrite)
    videos = out / 'videos'
    videos.mkdir(exist_ok=True)
    entries = plan_clips(settings)
    missing = [(settings, entry, path) for entry in entries if not (path := videos / f'{entry.id}.mp4').exists()]
    if missing:
        _render_all(missing, workers)
    _write_lists(out / 'lists', entries)
    write_atomically(out / 'classes.txt', ''.join(f'{name}\n' for name in CLASSES))
    write_atomically(out / 'README.md', _readme(settings))
    return len(missing)


def _render_all(missing: list[tuple[SyntheticSettings, ClipEntry, Path]], workers: int) -> None:
    """Render clips, of more than one worker in processes of their own, with a bar."""
    if workers == 1:
        for one in track(missing, 'Synthetic clips'):
            render_entry(*one)
        return
    # started anew: a forked process would ignore the signal by which its parent ends it (see `StopSignals.handle`)
    with ProcessPoolExecutor(workers, get_context('spawn')) as pool:
        futures = [pool.submit(render_entry, *one) for one in missing]
        try:
            for future in track(as_completed(futures), 'Synthetic clips', len(futures)):
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _claim(out: Path, settings: SyntheticSettings, overwrite: bool) -> None:
    """Check that `out` may be written to, and note the settings there."""
    wanted = json.dumps(dict(version=_VERSION, **asdict(settings)), indent=1)
    noted = out / _SETTINGS_FILE
    if noted.exists():
        if noted.read_text() == wanted:
            return
        if not overwrite:
            raise ListError(
                f'{out} holds a synthetic set made with other settings or by another version ({noted}). Delete it, '
                'choose another folder, or replace the set: mmavf synthetic … --overwrite'
            )
        noted.unlink()
        for folder in ('videos', 'lists'):
            shutil.rmtree(out / folder, ignore_errors=True)
    elif out.exists() and any(out.iterdir()):
        raise ListError(f'{out} is not empty and is not a synthetic set. Choose another folder.')
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(noted, wanted)


def _write_lists(folder: Path, entries: list[ClipEntry]) -> None:
    folder.mkdir(exist_ok=True)
    parts = {
        'all': entries,
        'train': [entry for entry in entries if entry.fold != FOLDS],
        'val': [entry for entry in entries if entry.fold == FOLDS],
        'pretrain': entries,
    }
    for name, part in parts.items():
        table = io.StringIO()
        writer = csv.writer(table, lineterminator='\n')
        writer.writerow(_COLUMNS)
        for entry in part:
            label = '' if name == 'pretrain' else entry.emotion
            writer.writerow((f'videos/{entry.id}.mp4', '', label, entry.subject_name, entry.fold, entry.id))
        write_atomically(folder / f'{name}.csv', table.getvalue())


def _readme(settings: SyntheticSettings) -> str:
    rows = ''.join(f'| {name} | {cues.face} | {cues.voice} | {cues.rhythm} |\n' for name, cues in EMOTIONS.items())
    low, high = settings.seconds
    return f"""# Synthetic audio-visual emotion set

{settings.clips} drawn talking faces with synthetic voices: {settings.subjects} subjects, {len(CLASSES)} emotions,
{low:g} to {high:g} s each, {settings.size} x {settings.size} pixels at {settings.fps} frames per second (H.264), mono
sound (AAC). Made by `tools/data/make_synthetic.py` with seed {settings.seed}; it contains no real face or voice.

| emotion | face | voice | rhythm |
|---|---|---|---|
{rows}
Emotions with the same face look alike and differ by voice; emotions with the same voice sound alike and differ by face.

`lists/all.csv` has every clip, with `fold` 1 to {FOLDS}: a subject's clips are all in one fold. `lists/val.csv` is fold
{FOLDS}, `lists/train.csv` the others, `lists/pretrain.csv` every clip without its label. Paths are relative to this
folder; an empty `audio` means the video's own sound track. Classes in index order: `classes.txt`.
"""
