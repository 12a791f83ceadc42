"""Checkpoints by epoch and, in long epochs, by iteration; a kill at any moment leaves a usable one."""

import math
import time
from collections.abc import Iterable
from pathlib import Path

from mmengine.dist import broadcast_object_list, is_main_process, master_only
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmavf.engine.loops import accumulative_counts
from mmavf.errors import ConfigError
from mmavf.files.atomic_file import TEMPORARY_SUFFIX, disk_faults
from mmavf.registry import HOOKS
from mmavf.stop_signals import stops


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook with files that appear whole, and checkpoints inside an epoch.

    `epoch_N.pth` is written every `interval` epochs, `iter_N.pth` every `iter_interval` iterations. Each is complete
    before `last_checkpoint` names it, and older files are removed only after that: those that this run wrote, also
    before it was resumed, and never the newest. A run that receives a stop signal writes one more `iter_N.pth`, if
    there is time.

    Args:
        interval: Epochs between `epoch_N.pth`.
        iter_interval: Iterations between `iter_N.pth`; 0 for none. Rounded up to whole optimizer steps, because the
            gradients of a half-finished step are not saved.
        keep_iter: How many `iter_N.pth` stay, at least 1.
        **kwargs: Of MMEngine's CheckpointHook (`max_keep_ckpts`, `save_best`, …), always by epoch.

    Raises:
        ConfigError: `keep_iter` is less than 1.
    """

    def __init__(self, interval: int = 1, iter_interval: int = 0, keep_iter: int = 2, **kwargs) -> None:
        if keep_iter < 1:
            raise ConfigError(f'checkpoint.keep_iter must be 1 or more, not {keep_iter}; iter_interval=0 writes none.')
        super().__init__(interval=interval, by_epoch=True, backend_args=dict(backend='atomic'), **kwargs)
        self.iter_interval = iter_interval
        self.keep_iter = keep_iter
        self._save_sec = 0.0  # of the last one

    def before_train(self, runner: Runner) -> None:
        """Prepare the folder: remove what a killed run left unfinished."""
        super().before_train(runner)
        accumulated = accumulative_counts(runner.optim_wrapper)
        self.iter_interval = math.ceil(self.iter_interval / accumulated) * accumulated
        if is_main_process():
            for leftover in Path(self.out_dir).glob(f'*{TEMPORARY_SUFFIX}'):
                leftover.unlink()

    def after_train_iter(self, runner: Runner, batch_idx: int, **kwargs) -> None:
        """Save inside an epoch, and at its end where no checkpoint of the epoch follows."""
        if not self.iter_interval or not self.every_n_train_iters(runner, self.iter_interval):
            return
        at_end = self.end_of_epoch(runner.train_dataloader, batch_idx)
        if not (at_end and self._saves_epoch(runner)):
            self._save_iter(runner, runner.iter + 1)

    def save_before_stop(self, runner: Runner) -> str | None:
        """Save between two steps, where there is time; call it on all ranks.

        Returns:
            The path; None where a checkpoint takes longer than is left.
        """
        name = f'iter_{runner.iter}.pth'
        if self.last_ckpt is None or Path(self.last_ckpt).name != name:
            has_time = [self._save_sec <= stops.left_sec()]  # only the main process knows how long it takes
            broadcast_object_list(has_time)
            if not has_time[0]:
                return None
            self._save_iter(runner, runner.iter)
        return self.last_ckpt

    def _save_iter(self, runner: Runner, done: int) -> None:
        dropped = self._note(runner, 'keep_iter_ids', done, self.keep_iter)
        self._save(runner, f'iter_{done}.pth', dict(epoch=runner.epoch, iter=done))
        self._remove(f'iter_{old}.pth' for old in dropped)

    def _saves_epoch(self, runner: Runner) -> bool:
        due = self.every_n_epochs(runner, self.interval, self.save_begin)
        return due or (self.save_last and self.is_last_train_epoch(runner))

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        dropped = []
        if self.max_keep_ckpts > 0:
            dropped = self._note(runner, 'keep_ckpt_ids', step, self.max_keep_ckpts)
        self._save(runner, self.filename_tmpl.format(step), meta)
        self._remove(self.filename_tmpl.format(old) for old in dropped)

    @staticmethod
    def _note(runner: Runner, key: str, step: int, number: int) -> list[int]:
        """Add `step` to the run's own list under `key`, which checkpoints hold; return what exceeds `number`."""
        known = [old for old in runner.message_hub.get_info(key, []) if old != step] + [step]
        runner.message_hub.update_info(key, known[-number:])
        return known[:-number]

    @master_only
    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            Path(self.out_dir, name).unlink(missing_ok=True)

    def _save(self, runner: Runner, filename: str, meta: dict) -> None:
        start = time.monotonic()
        self.last_ckpt = self.file_backend.join_path(self.out_dir, filename)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        with stops.held_back():
            runner.save_checkpoint(
                self.out_dir,
                filename,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                backend_args=self.backend_args,
            )
            if is_main_process():
                note = Path(runner.work_dir, 'last_checkpoint')
                with disk_faults(note):
                    self.file_backend.put_text(self.last_ckpt, note)
            self._save_sec = time.monotonic() - start
