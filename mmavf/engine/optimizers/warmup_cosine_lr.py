"""The learning-rate schedule of all stages, in closed form."""

import math
from typing import Any

from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler

from mmavf.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(LRSchedulerMixin, _ParamScheduler):
    """Rise linearly from 0, then fall along half a cosine, both by iteration.

    With W warm-up iterations of N in all, iteration t has lr × t / (W - 1) in the warm-up (0 in the first iteration,
    the full rate in the last), then min + (lr - min) (1 + cos(π (t - W) / (N - W))) / 2 with min = eta_min_ratio × lr.
    MMEngine's pair LinearLR and CosineAnnealingLR cannot start at 0 and fails when a run is as short as its warm-up.

    Written in epochs and turned into iterations by `convert_to_iter_based=True`; fractions of an epoch are allowed.

    Args:
        optimizer: Optimizer or wrapper whose groups are scheduled.
        warmup: Length of the warm-up, in epochs (in iterations when built directly).
        end: End of the schedule; the runner fills in the length of the run.
        eta_min_ratio: Final rate as a share of the full one, so that it scales with the batch as the full one does.
        **kwargs: Of MMEngine's schedulers.
    """

    def __init__(
        self, optimizer: Any, warmup: int, end: int, eta_min_ratio: float = 0.0, by_epoch: bool = False, **kwargs
    ) -> None:
        self.warmup = warmup
        self.eta_min_ratio = eta_min_ratio
        super().__init__(optimizer, end=end, by_epoch=by_epoch, **kwargs)

    @classmethod
    def build_iter_from_epoch(
        cls, optimizer: Any, *, warmup: float, end: float, epoch_length: int, by_epoch: bool = True, **kwargs
    ) -> 'WarmupCosineLR':
        """Build from lengths in epochs."""
        del by_epoch
        return cls(optimizer, warmup=round(warmup * epoch_length), end=round(end * epoch_length), **kwargs)

    def _get_value(self) -> list[float]:
        if self.last_step < self.warmup:
            factor = self.last_step / max(self.warmup - 1, 1)
        else:
            share = (self.last_step - self.warmup) / (self.end - self.warmup)
            factor = self.eta_min_ratio + (1 - self.eta_min_ratio) * (1 + math.cos(math.pi * share)) / 2
        return [base * factor for base in self.base_values]
