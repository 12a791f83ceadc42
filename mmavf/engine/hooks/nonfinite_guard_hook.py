"""Steps with a loss or gradient that is not finite: their samples are recorded, and too many in a row end the run."""

import json
from collections import deque
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.nn.modules.batchnorm import _NormBase

from mmavf.engine.optimizers import GuardedOptimWrapper
from mmavf.errors import ConfigError, NonFiniteLossError
from mmavf.registry import HOOKS

_FILE_NAME = 'nonfinite_samples.jsonl'


class _Batch(NamedTuple):
    """One batch whose flags are on their way from the device."""

    iteration: int
    sample_ids: list
    ends_step: bool
    flags: Tensor | np.ndarray  # (3,) int64 on the host: steps skipped, skipped in a row, this rank's loss not finite
    arrived: torch.cuda.Event | None


@HOOKS.register_module()
class NonFiniteGuardHook(Hook):
    """Report the steps that GuardedOptimWrapper skipped.

    Flags travel to the host asynchronously and are examined `lag` batches later: the same number of batches on every
    rank, so that all ranks report and stop together, and the device never waits for the host. On a CPU they are
    examined at once. A skipped step adds lines to `<work_dir>/nonfinite_samples.jsonl`: those of the batches whose own
    loss was not finite, on whichever rank; if all losses were finite, those of all batches of the step, with reason
    'gradient'.

    Running statistics of normalisation layers that a bad batch spoilt go back to their last finite values.

    Args:
        max_in_row: Skipped steps in a row after which training stops.
        lag: Batches between a step and its examination on a GPU.

    Raises:
        ConfigError: The optimizer wrapper is not a GuardedOptimWrapper.
        NonFiniteLossError: `max_in_row` steps in a row were skipped.
    """

    priority = 'ABOVE_NORMAL'  # statistics are restored before EMAHook copies them

    def __init__(self, max_in_row: int = 10, lag: int = 8) -> None:
        self.max_in_row = max_in_row
        self.lag = lag

    def before_train(self, runner: Runner) -> None:
        """Prepare the buffers in which flags arrive."""
        wrapper = runner.optim_wrapper
        if not isinstance(wrapper, GuardedOptimWrapper):
            raise ConfigError(
                f"Training needs optim_wrapper.type='GuardedOptimWrapper', not {type(wrapper).__name__}; its dtype is "
                "'bfloat16' or 'float32'."
            )
        self._on_gpu = wrapper.skipped.is_cuda
        self._delay = self.lag if self._on_gpu else 0
        self._slots = torch.zeros(self._delay + 1, 3, dtype=torch.int64, pin_memory=self._on_gpu)
        self._waiting: deque[_Batch] = deque()
        self._step: list[_Batch] = []
        self._known_skips = int(wrapper.skipped)
        if runner.iter == 0 and is_main_process():
            Path(runner.work_dir, _FILE_NAME).unlink(missing_ok=True)
        norms = [module for module in runner.model.modules() if isinstance(module, _NormBase)]
        self._statistics = [buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()]
        self._kept = [buffer.clone() for buffer in self._statistics]

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Send this batch's flags on their way, and examine those that have arrived."""
        self._restore_statistics()
        wrapper = runner.optim_wrapper
        bad_loss = ~torch.isfinite(outputs['loss'].detach())
        slot = self._slots[runner.iter % len(self._slots)]
        slot.copy_(torch.stack([wrapper.skipped, wrapper.skipped_in_row, bad_loss.long()]), non_blocking=True)
        arrived = torch.cuda.current_stream().record_event() if self._on_gpu else None
        ids = [sample.sample_id for sample in data_batch['data_samples']]
        self._waiting.append(_Batch(runner.iter, ids, wrapper.should_update(), slot, arrived))
        if len(self._waiting) > self._delay:
            self._examine(runner, self._waiting.popleft())

    def after_train_epoch(self, runner: Runner) -> None:
        """Examine what is still on its way."""
        while self._waiting:
            self._examine(runner, self._waiting.popleft())

    def _restore_statistics(self) -> None:
        for buffer, kept in zip(self._statistics, self._kept, strict=True):
            buffer.copy_(torch.where(torch.isfinite(buffer), buffer, kept))
            kept.copy_(buffer)

    def _examine(self, runner: Runner, batch: _Batch) -> None:
        if batch.arrived:
            batch.arrived.synchronize()
        # The slot is used again: keep its values.
        self._step.append(batch._replace(flags=cast(Tensor, batch.flags).numpy().copy()))
        if not batch.ends_step:
            return
        skips, in_row, _ = self._step[-1].flags
        if skips > self._known_skips:
            self._known_skips = skips
            self._report(runner, in_row)
        self._step = []

    def _report(self, runner: Runner, in_row: int) -> None:
        own = [
            dict(
                iter=batch.iteration + 1,
                rank=get_rank(),
                reason='loss',
                sample_ids=batch.sample_ids,
                bad=bool(batch.flags[2]),
            )
            for batch in self._step
        ]
        lines = [line for rank_lines in all_gather_object(own) for line in rank_lines]
        guilty = [line for line in lines if line['bad']] or [{**line, 'reason': 'gradient'} for line in lines]
        path = Path(runner.work_dir, _FILE_NAME)
        if is_main_process():
            with open(path, 'a') as file:
                for line in guilty:
                    del line['bad']
                    file.write(json.dumps(line) + '\n')
        what = f'The {guilty[0]["reason"]} of iteration {guilty[-1]["iter"]} was not finite'
        if in_row >= self.max_in_row:
            raise NonFiniteLossError(
                f'{what}, and neither were those of the {in_row - 1} steps before it. No weight was touched by them. '
                f'The samples are listed in {path}: inspect them, lower the learning rate, or set clip_grad.'
            )
        runner.logger.warning(f'{what}: step skipped ({in_row} in a row), its samples are listed in {path}.')
