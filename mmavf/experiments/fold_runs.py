"""Training and testing folds in processes of their own, several at a time."""

import hashlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmavf.engine.launch import share_cores
from mmavf.engine.stop_signals import PARENT_VARIABLE
from mmavf.errors import CheckpointError, ConfigError
from mmavf.evaluation.result_files import is_tested, read_metrics
from mmavf.files.atomic_file import write_atomically
from mmavf.lists.clip_list import list_hash
from mmavf.protocol.fold_folder import fold_folder
from mmavf.protocol.provenance import chosen_checkpoint
from mmavf.registry import DATASETS

HASH_FILE = 'config_hash.txt'
MMAVF = (sys.executable, '-m', 'mmavf')
ERROR_LINE = re.compile(r'[\w.]+(Error|Exception): ')
ERROR_LINES = 5


class FoldFailedError(Exception):
    """The training or the test of a fold ended with an error."""


def fold_values(cfg: Config) -> list[str]:
    """Return the values that can be held out in turn; one that the config itself holds out is the only one.

    Raises:
        ConfigError: The config tests on no data, or on data without a split.
        ListError: A list cannot be read.
    """
    if not cfg.get('test_dataloader') or cfg.get('protocol') is None:
        raise ConfigError('Cross-validation needs a config of fine-tuning, with test_dataloader and protocol.')
    held_out = cfg.protocol.get('fold')
    if held_out is None:
        held_out = (cfg.test_dataloader.dataset.get('split') or {}).get('held_out')
    if held_out is not None:
        return [str(held_out)]
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):  # for the transforms
        return DATASETS.build(dict(cfg.test_dataloader.dataset, lazy_init=True)).split_values()


def config_hash(cfg: Config) -> str:
    """Return the SHA-256 of a config's contents, wherever it writes to and in whatever order it names them."""
    return _digest(json.dumps(_in_order(_content(cfg)), default=repr))


def _earlier_hash(cfg: Config) -> str:
    """Return the hash that earlier versions wrote, which depends on the order of nested keys."""
    return _digest(repr(sorted(_content(cfg).items())))


def _content(cfg: Config) -> dict:
    content = {key: value for key, value in cfg.to_dict().items() if key != 'work_dir'}
    if 'protocol' in content:  # how folds are reported changes none of them
        content['protocol'] = {key: value for key, value in content['protocol'].items() if key != 'result'}
    return content


def _in_order(value: Any) -> Any:
    """Return dictionaries, at all depths, as pairs sorted by key."""
    if isinstance(value, dict):
        return [[key, _in_order(value[key])] for key in sorted(value, key=str)]
    return [_in_order(part) for part in value] if isinstance(value, list | tuple) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class FoldRuns:
    """Folds of one config, each with a folder in the work dir (see `fold_folder`).

    A fold whose test is there is not run again; one that was interrupted goes on from its last checkpoint. What the
    processes print is in `train.log` and `test.log` of the fold's folder.

    Args:
        cfg: The config; it is written to the work dir, and the processes read it there.
        work_dir: Where everything goes.
        devices: Values of CUDA_VISIBLE_DEVICES, one per process at a time; None leaves the variable as it is.
        program: The command `mmavf`, of which the sub-commands train and test are run.

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
        self._known_hashes = (self._hash, _earlier_hash(cfg))
        self._devices: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for device in devices:
            self._devices.put(device)
        self._num_devices = self._jobs = len(devices)
        self._running: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._stopped = False

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
        """Make sure that no two folds share a folder, as Anna and anna do where a disk tells no case apart."""
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
                        f'{name} has been changed since fold {fold} was tested, so that its result and those of other '
                        'folds would not belong together. Put the list back, or choose another --work-dir.'
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
        failed = {}
        self._jobs = max(1, min(self._num_devices, len(folds)))  # at a time, which share the cores
        with ThreadPoolExecutor(self._num_devices) as pool:
            runs = {pool.submit(self._run_fold, fold, report): fold for fold in folds}
            try:
                for run in as_completed(runs):
                    error = run.exception()
                    if error is None:
                        report(f'fold {runs[run]}: done')
                    elif isinstance(error, FoldFailedError):
                        failed[runs[run]] = str(error)
                        report(f'fold {runs[run]}: FAILED, {error}')
                    else:
                        raise error
            except BaseException:
                self._stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return {fold: failed[fold] for fold in folds if fold in failed}

    def _run_fold(self, fold: str, report: Callable[[str], None]) -> None:
        device = self._devices.get()
        try:
            for step, arguments in self._commands(fold):
                report(f'fold {fold}: {step}' + ('' if device is None else f' on device {device}'))
                self._call(step, arguments, self.folder(fold) / f'{step}.log', device)
        except CheckpointError as error:  # the note of the last one was damaged: the other folds go on
            raise FoldFailedError(str(error)) from error
        finally:
            self._devices.put(device)

    def _commands(self, fold: str) -> Iterator[tuple[str, list[str | Path]]]:
        folder, test = self.folder(fold), self.test_folder(fold)
        resume = ['--resume'] if (folder / 'last_checkpoint').exists() else []
        yield 'train', [self.config, f'--fold={fold}', '--work-dir', folder, *resume]
        checkpoint = chosen_checkpoint(folder, self.protocol)
        yield 'test', [self.config, checkpoint, f'--fold={fold}', '--out', test]

    def _call(self, step: str, arguments: Sequence[str | Path], log: Path, device: str | None) -> None:
        env = os.environ | share_cores(self._jobs) | {PARENT_VARIABLE: str(os.getpid())}
        if device is not None:
            env['CUDA_VISIBLE_DEVICES'] = device
        with open(log, 'a') as output:
            with self._lock:
                if self._stopped:
                    raise FoldFailedError('stopped')
                process = subprocess.Popen(
                    [*self._program, step, *arguments], env=env, stdout=output, stderr=subprocess.STDOUT
                )
                self._running.add(process)
            status = process.wait()
            with self._lock:
                self._running.discard(process)
        if status:
            raise FoldFailedError(f'{step} ended with status {status}: {_last_error(log)} ({log})')

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()


def _last_error(log: Path) -> str:
    """Return the last error with its first lines, which may name clips; or the last line of all."""
    lines = [line.strip() for line in log.read_text(errors='replace').splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if ERROR_LINE.match(line)]
    told = lines[starts[-1] :] if starts else lines[-1:] or ['no output']
    left = len(told) - ERROR_LINES
    return ' '.join(told[:ERROR_LINES]) + (f' … {left} more lines' if left > 0 else '')
