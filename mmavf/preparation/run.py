"""A whole preparation: from a raw folder to clips, lists, manifest and summary."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from hashlib import sha256
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any

from mmavf.datasets.media.shard import index_path
from mmavf.errors import ConfigError, printable
from mmavf.files.atomic_file import write_atomically
from mmavf.registry import PACKS, RAW_SETS
from mmavf.version import versions

from .contact_sheet import draw_outcomes
from .job import FRAME_FOLDERS, SOUND_FOLDER, WORK, Preparer, disk_failures
from .journal import Journal, remove
from .manifest import manifest_text
from .options import check_options
from .outcome import ClipJob, Outcome
from .prepared_lists import list_rows, list_text
from .progress import ClipProgress
from .raw_clip import RawClip, RawIndex
from .raw_sets import RawSet
from .schedule import Schedule, Unit, make_units
from .settings import CLIP_TIMEOUT_SEC, PACK_TYPES, PrepareSettings
from .summary import left_out_text, summarise, summary_text
from .worker_pool import WorkerCrash, WorkerPool

SOFTWARE = ('opencv', 'mmavf', 'av', 'numpy', 'scipy', 'soundfile', 'torchaudio')  # that the bytes depend on
RESULTS = ('classes.txt', 'manifest.json', 'summary.md', 'summary.json', 'left_out.csv', 'contact_sheet.png')


class Preparation:
    """The preparation of a raw data set, or the continuation of one that was stopped.

    The result depends on the raw files and the settings alone: not on the number of processes, nor on how often and at
    what moments it was stopped.

    Args:
        settings: The settings.
        raw: Folder of the raw set; it is only read.
        out: Folder for the result: new, empty, or that of a preparation with the same settings.
        limit: Number of clips to prepare, from the first; the others may follow in a later run. None: all.

    Raises:
        ConfigError: A setting is impossible, or one of the folders is inside the other.
        RawDataError: The raw folder does not contain the set.
    """

    def __init__(self, settings: PrepareSettings, raw: Path, out: Path, limit: int | None = None) -> None:
        self._settings, self._raw, self._out = settings, raw.resolve(), out.resolve()
        if self._raw.is_relative_to(self._out) or self._out.is_relative_to(self._raw):
            raise ConfigError(f'{raw} and {out}: neither the raw folder nor the output folder may be inside the other')
        for folder in (self._raw, self._out):
            if printable(str(folder)) != str(folder):
                raise ConfigError(f'{folder}: the name of the folder is not UTF-8 text: rename it')
        name = settings.dataset
        if limit is not None and limit < 1:
            raise ConfigError(f'limit must be at least 1, not {limit}')
        check_options(RAW_SETS.get(name), settings.options, given=('raw', 'name'))
        check_options(PACKS.get(PACK_TYPES[settings.pack]), settings.pack_options)
        self._set: RawSet = RAW_SETS.build(dict(type=name, raw=self._raw, name=name, **settings.options))
        self._index = self._set.index()
        self._clips = self._index.clips[:limit]
        self._has_frames = any(clip.video for clip in self._clips)
        _check_sound_alone(settings, self._clips)
        self._home, self._part = self._out, (1, 1)
        self._pack = Preparer(*self._worker()).pack  # finds wrong settings before any process is started

    def run(
        self,
        workers: int = 1,
        restart: bool = False,
        retry_failed: bool = False,
        clip_timeout_sec: float = CLIP_TIMEOUT_SEC,
    ) -> dict[str, Any]:
        """Prepare what is not prepared yet, and write lists, manifest and summary.

        Args:
            workers: Number of processes.
            restart: Remove the output of earlier runs and start over.
            retry_failed: Retry the clips that were left out because of their media.
            clip_timeout_sec: A raw clip that takes longer than this is left out.

        Returns:
            The summary.

        Raises:
            ConfigError: `workers` or `clip_timeout_sec` is not positive.
            PreparationError: The disk is full, the folder was started with other settings, or another run uses it.
        """
        check_run(workers, clip_timeout_sec)
        own = [*FRAME_FOLDERS.values(), SOUND_FOLDER, WORK, self._set.list_file, *RESULTS]
        with Journal(self._out, self._header(), own if restart else ()) as journal, disk_failures(self._out):
            self._prepare(journal, workers, retry_failed, clip_timeout_sec)
            return self._write_results(journal)

    def _worker(self) -> tuple:
        """Return the arguments of `Preparer`."""
        return self._settings, self._raw, self._out, self._home / WORK, self._set.labelled

    def _header(self) -> dict[str, Any]:
        known = versions()
        software = {name: known[name] for name in SOFTWARE}
        return dict(settings=self._settings.record(), index=index_sha256(self._index), software=software)

    def _units(self) -> Iterator[Unit]:
        number, of = self._part
        return islice(make_units(self._clips, self._pack.clips_per_shard), number - 1, None, of)

    def _prepare(self, journal: Journal, workers: int, retry_failed: bool, clip_timeout_sec: float) -> None:
        remove([self._home / WORK])  # of a run that was killed
        frames = [self._out / FRAME_FOLDERS[self._settings.pack]] if self._has_frames else []
        for folder in (*frames, self._out / SOUND_FOLDER, self._home / WORK):
            folder.mkdir(exist_ok=True)
        try:
            self._do(journal, workers, retry_failed, clip_timeout_sec)
        finally:
            remove([self._home / WORK])

    def _do(self, journal: Journal, workers: int, retry_failed: bool, clip_timeout_sec: float) -> None:
        open_units = {unit.name for unit in self._units() if not self._is_done(unit, journal, retry_failed)}
        schedule = Schedule(unit for unit in self._units() if unit.name in open_units)
        clips = {unit.name: len(unit.jobs) for unit in self._units()}
        left = sum(clips[name] for name in open_units)
        if not left:
            return
        bar = ClipProgress(sum(clips.values()), sum(clips.values()) - left)

        def limit_sec(job: Any) -> float:
            """Return how long a job may take."""
            return clip_timeout_sec if isinstance(job, ClipJob) else inf  # a shard has many clips

        with bar, WorkerPool(Preparer, self._worker(), min(workers, left), limit_sec, '--clip-timeout') as pool:
            for job, result in pool.run(schedule.next_job):
                if isinstance(job, ClipJob):
                    bar.add(isinstance(result, WorkerCrash) or is_failed(result.outcomes))
                if unit := schedule.take(job, result):
                    journal.write(unit.name, unit.record())

    def _is_done(self, unit: Unit, journal: Journal, retry_failed: bool) -> bool:
        """Return whether an earlier run did a unit and its files still exist."""
        record = journal.read(unit.name)
        if record is None or not unit.is_done_by(record) or (retry_failed and is_failed(record['outcomes'])):
            return False
        files = {name for o in record['outcomes'] for name in (o['video'], o['audio']) if name}
        if self._settings.pack == 'shards':
            shards = {Path(name).parent for name in files}
            files = {*shards, *map(index_path, shards)}
        return all((self._out / name).exists() for name in files)

    def _write_results(self, journal: Journal) -> dict[str, Any]:
        outcomes: list[Outcome] = []
        sources: dict[str, str | None] = {}
        for unit in self._units():
            record = journal.read(unit.name)
            assert record is not None  # every unit is done
            outcomes += [Outcome(**outcome) for outcome in record['outcomes']]
            sources |= record['sources']
        rows = list_rows(self._settings.dataset, self._index.clips, outcomes, self._pack.fps)
        summary = summarise(self._settings.dataset, self._index, self._clips, outcomes, rows, self._set.notes)
        texts = {
            'manifest.json': manifest_text(self._header(), sources, outcomes, self._index.left_out),
            'left_out.csv': left_out_text(self._index, outcomes),
            'summary.json': json.dumps(summary, indent=1) + '\n',
            'summary.md': summary_text(summary),
        }
        if rows:
            draw_outcomes(self._out, outcomes, self._pack.fps)
            texts[self._set.list_file] = list_text(rows)
        if classes := self._set.class_names(self._index.clips):
            texts['classes.txt'] = ''.join(f'{name}\n' for name in classes)
        for name, text in texts.items():
            write_atomically(self._out / name, text)
        return summary


def _check_sound_alone(settings: PrepareSettings, clips: Iterable[RawClip]) -> None:
    """Raise a ConfigError if there are clips of sound alone, and settings that leave nothing of them."""
    if all(clip.video for clip in clips):
        return
    if not settings.sound:
        raise ConfigError(f'{settings.dataset}: there are clips of sound alone, and no sound is to be written')
    if settings.pack == 'shards':
        raise ConfigError(
            f'{settings.dataset}: there are clips of sound alone, and shards need frames: use another pack'
        )


def is_failed(outcomes: Iterable[dict[str, Any]]) -> bool:
    """Return whether a raw clip failed as a whole; `outcomes` have the fields of Outcome."""
    return any(outcome['reason'] and outcome['id'] == outcome['raw_id'] for outcome in outcomes)


def index_sha256(index: RawIndex) -> str:
    """Return a hash of the contents of a raw set, to detect changes."""
    digest = sha256()
    for entry in [*map(asdict, index.clips), *index.left_out]:
        digest.update(json.dumps(entry, sort_keys=True).encode())
    return digest.hexdigest()


def check_run(workers: int, clip_timeout_sec: float) -> None:
    """Raise a ConfigError if the options of a run cannot work, before it makes its folder."""
    if workers < 1:
        raise ConfigError(f'workers must be at least 1, not {workers}')
    if not clip_timeout_sec > 0:
        raise ConfigError(f'clip_timeout must be positive, not {clip_timeout_sec}')
