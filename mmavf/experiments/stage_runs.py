"""Trainings before the fine-tunings of an ablation, which variants share where their configs are the same."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.config import Config

from mmavf.protocol.fold_folder import fold_folder
from mmavf.protocol.provenance import chosen_checkpoint

from .config_hash import config_hash
from .fold_runs import MMAVF
from .process_queue import Job, Step

FINAL = 'final.pth'  # link to the checkpoint that counts; there once the training has ended


class StageRun:
    """A stage for one seed and, where it trains per fold, one fold.

    Args:
        name: Of the stage.
        cfg: The config, with its seed.
        stages_dir: Folder of all stages; the run's own is named after the contents of the config.
        fold: What is held out; None where nothing is.
        needs: The run whose checkpoint it starts from.
        program: The command `mmavf`.
    """

    def __init__(
        self,
        name: str,
        cfg: Config,
        stages_dir: Path,
        fold: str | None = None,
        needs: 'StageRun | None' = None,
        program: Sequence[str | Path] = MMAVF,
    ) -> None:
        self.root = stages_dir / f'{name}-seed_{cfg.randomness.seed}-{config_hash(cfg)[:12]}'
        self.folder = self.root if fold is None else self.root / fold_folder(fold)
        self.name = self.root.name + ('' if fold is None else f', fold {fold}')
        self.fold = fold
        self.needs = needs
        self._cfg = cfg
        self._program = program

    @property
    def is_finished(self) -> bool:
        """Whether it has been trained to its end."""
        return (self.folder / FINAL).exists()

    @property
    def load_from(self) -> str:
        """Path of its last checkpoint for the next config's `load_from`, with `{fold}` where it trains per fold."""
        return str(self.root / FINAL if self.fold is None else self.root / 'fold_{fold}' / FINAL)

    def prepare(self) -> None:
        """Make the folder, and write the config there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._cfg.dump(self.folder / 'stage_config.py')

    def job(self, needs: str | None = None) -> Job:
        """Return the job for a queue, with the name of the job that it has to wait for."""
        return Job(self.name, self._steps(), needs)

    def _steps(self) -> Iterator[Step]:
        resume = ['--resume'] if (self.folder / 'last_checkpoint').exists() else []
        held_out = [] if self.fold is None else [f'--fold={self.fold}']
        config = self.folder / 'stage_config.py'
        command = [*self._program, 'train', config, *held_out, '--work-dir', self.folder, *resume]
        yield Step('train', command, self.folder / 'train.log')
        checkpoint = chosen_checkpoint(self.folder, self._cfg.get('protocol') or {})
        link = self.folder / f'{FINAL}.new'
        link.unlink(missing_ok=True)
        link.symlink_to(checkpoint.name)
        os.replace(link, self.folder / FINAL)
