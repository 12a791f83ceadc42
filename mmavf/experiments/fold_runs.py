"""Folds of one config: a folder for each, trained and tested in a process of its own."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmavf.errors import ConfigError
from mmavf.evaluation.result_files import is_tested, read_metrics
from mmavf.files.atomic_file import write_atomically
from mmavf.lists.clip_list import list_hash
from mmavf.protocol.fold_folder import fold_folder
from mmavf.protocol.protocol import fold_under_test, result_over_folds
from mmavf.registry import DATASETS

from .config_hash import config_hash, earlier_config_hash
from .fold_results import collect
from .process_queue import Job, ProcessQueue, Step

HASH_FILE = 'config_hash.txt'
MMAVF = (sys.executable, '-m', 'mmavf')


def fold_values(cfg: Config) -> list[str]:
    """Return the values that can be held out in turn; one that the config itself holds out is the only one.

    Raises:
        ConfigError: The config tests on no data, or on data without a split.
        ListError: A list cannot be read.
    """
    if not cfg.get('test_dataloader') or cfg.get('protocol') is None:
        raise ConfigError('Cross-validation needs a config of fine-tuning, with test_dataloader and protocol.')
    held_out = fold_under_test(cfg)
    if held_out is not None:
        return [held_out]
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):  # for the transforms
        return DATASETS.build(dict(cfg.test_dataloader.dataset, lazy_init=True)).split_values()


class FoldRuns:
    """Folds of one config, each with a folder in the work dir (see `fold_folder`).

    A fold whose test is there is not run again; one that was interrupted continues from its last checkpoint. What a
    process prints is in `train.log` of the fold's folder.

    Args:
        cfg: The config; it is written to the work dir, and the processes read it there.
        work_dir: Where everything goes.
        devices: Values of CUDA_VISIBLE_DEVICES, one per process at a time; None leaves the variable as it is.
        program: The command `mmavf`, of which the sub-command train is run.

    Raises:
        ConfigError: `prepare` finds a fold of another config, or a name that no folder can have.
    """

    def __init__(
        self,
        cfg: Config,
        work_dir: Path,
        devices: Sequence[str | None] = (None,),
        program: Sequence[str | Path] = MMAVF,
    ) -> None:
        self.work_dir = work_dir
        self._program = program
        self.protocol = cfg.protocol
        self.config = work_dir / 'config.py'
        self._cfg = cfg
        self._hash = config_hash(cfg)
        self._known_hashes = (self._hash, earlier_config_hash(cfg))
        self._devices = devices

    def folder(self, fold: str) -> Path:
        """Return where a fold is trained."""
        return self.work_dir / fold_folder(fold)

    def test_folder(self, fold: str) -> Path:
        """Return where a fold's test is written to."""
        return self.folder(fold) / 'test'

    def is_finished(self, fold: str) -> bool:
        """Tell whether the fold has been trained and tested."""
        return is_tested(self.test_folder(fold))

    def prepare(self, folds: Sequence[str]) -> None:
        """Make the folders, and make sure that what lies there is of this config.

        Raises:
            ConfigError: A folder holds a run of another config, or one whose config is not known. Or a list has been
                changed since a fold was tested on it. Or two folds have one folder, or one has no name. Or the config
                holds what cannot be written down.
        """
        foreign = []
        for fold in folds:
            mark = self.folder(fold) / HASH_FILE
            known = mark.read_text() if mark.exists() else None
            has_run = known is not None or (self.folder(fold) / 'last_checkpoint').exists()
            if has_run and known not in self._known_hashes:
                foreign.append(fold)
        if foreign:
            raise ConfigError(
                f'{self.work_dir} has folds that were run with another config or by hand: {", ".join(foreign)}. Choose '
                'another --work-dir, or move their folders away.'
            )
        self._check_lists([fold for fold in folds if self.is_finished(fold)])
        self.work_dir.mkdir(parents=True, exist_ok=True)
        self._cfg.dump(self.config)
        self._check_readable()
        for fold in folds:
            self.folder(fold).mkdir(exist_ok=True)
        self._check_folders(folds)
        for fold in folds:
            write_atomically(self.folder(fold) / HASH_FILE, self._hash)

    def _check_folders(self, folds: Sequence[str]) -> None:
        """Make sure that no two folds share a folder, as Anna and anna do on a disk that ignores case."""
        owners: dict[tuple[int, int], str] = {}
        for fold in folds:
            place = self.folder(fold).stat()
            other = owners.setdefault((place.st_dev, place.st_ino), fold)
            if other != fold:
                raise ConfigError(
                    f'On this disk {self.folder(other).name} and {self.folder(fold).name} are one folder: rename '
                    f'{other} or {fold} in the list, or choose a --work-dir on another disk.'
                )

    def _check_lists(self, finished: Sequence[str]) -> None:
        """Make sure that finished folds were tested on the lists as they are now, before others are trained."""
        for fold in finished:
            for name, value in read_metrics(self.test_folder(fold))['test']['lists'].items():
                if Path(name).exists() and list_hash(name) != value:
                    raise ConfigError(
                        f'{name} has been changed since fold {fold} was tested, so its result and those of other '
                        'folds would not be comparable. Restore the list, or choose another --work-dir.'
                    )

    def _check_readable(self) -> None:
        """Make sure that the processes can read the config as it was written down."""
        try:
            Config.fromfile(self.config)
        except (NameError, SyntaxError) as error:
            raise ConfigError(
                f'The config cannot be written down as text and read again ({error}): it holds something other than '
                f'plain values, such as an object that it imports. See {self.config}.'
            ) from error

    def run(self, folds: Sequence[str], report: Callable[[str], None]) -> dict[str, str]:
        """Train and test the folds; one that fails does not stop the others.

        Args:
            folds: What to hold out in turn.
            report: Called with a line whenever something begins or ends.

        Returns:
            Why each fold that failed did, in the order of `folds`.
        """
        jobs = {fold: self.job(fold) for fold in folds}
        failed = ProcessQueue(self._devices, report).run(list(jobs.values()))
        return {fold: failed[job.name] for fold, job in jobs.items() if job.name in failed}

    def job(self, fold: str, prefix: str = '') -> Job:
        """Return the job that trains and tests a fold, for a queue; `prefix` begins its name."""
        return Job(f'{prefix}fold {fold}', self._steps(fold))

    def results(self, done: Sequence[str], failed: Mapping[str, str]) -> dict[str, Any]:
        """Return the contents of results.json for the folds that are done, and the reasons of those that failed."""
        about = dict(config_hash=self._hash, protocol=self.protocol.to_dict(), failed=dict(failed))
        if not done:
            return dict(about, folds={}, spread={}, pooled={}, result=None, parts={}, lists={})
        tests = {fold: self.test_folder(fold) for fold in done}
        return dict(about, **collect(tests, self._cfg.test_evaluator, result_over_folds(self._cfg)))

    def _steps(self, fold: str) -> Iterator[Step]:
        folder = self.folder(fold)
        resume = ['--resume'] if (folder / 'last_checkpoint').exists() else []
        command = [*self._program, 'train', self.config, f'--fold={fold}', '--work-dir', folder, *resume, '--test']
        yield Step('train and test', command, folder / 'train.log')
