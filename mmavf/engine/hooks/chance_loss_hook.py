"""A warning for a training of a classifier that does not get off the ground."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from mmavf.models.heads import class_scores
from mmavf.models.losses import SoftTargetCrossEntropy
from mmavf.registry import HOOKS

LOOK_AT = (
    'Look at what the model gets (mmavf browse CONFIG), at its labels (mmavf check CONFIG), at how it is normalised '
    '(mmavf data-stats), at the rate (optim_wrapper.optimizer.lr), and at how much clips are mixed '
    '(model.data_preprocessor.batch_augment).'
)


@HOOKS.register_module()
class ChanceLossHook(Hook):
    """After a tenth of the steps, say once if the loss is still that of one answer for all clips.

    Under the selection `strict` nothing else shows it: there is no validation, and a test hours later finds chance. The
    loss is the mean over the second half of that tenth; it is compared with the least loss of a constant answer at the
    shares of the classes that were trained on in these steps (see `SoftTargetCrossEntropy.of_constant`). Other losses
    and selections, and trainings too short for a judgement, are left alone.

    Args:
        near: The warning is given where the loss is more than this share of that of a constant answer.
        min_steps: Steps over which the loss is averaged, at least.
    """

    def __init__(self, near: float = 0.97, min_steps: int = 25) -> None:
        self.near = near
        self.min_steps = min_steps

    def before_train(self, runner: Runner) -> None:
        """Find out which steps count; none where there is nothing to compare."""
        self._last = runner.max_iters // 10
        self._first = self._last - self._last // 2
        model = runner.bare_model
        self._loss: Any = getattr(getattr(model, 'head', None), 'loss_function', None)
        is_strict = (runner.cfg.get('protocol') or {}).get('selection') == 'strict'
        if not is_strict or not isinstance(self._loss, SoftTargetCrossEntropy) or self._last // 2 < self.min_steps:
            self._last = -1
        self._num_classes = model.head.fc.out_features if self._last > 0 else 0
        self._losses: list[Tensor] = []
        self._shares: list[Tensor] = []

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Add a step; after the last one that counts, judge."""
        step = runner.iter + 1
        if not self._first < step <= self._last:
            return
        self._losses.append(outputs['loss'].detach())  # read from the device once, at the end
        self._shares += [class_scores(sample, self._num_classes) for sample in data_batch['data_samples']]
        if step == self._last and len(self._losses) >= self.min_steps:
            self._judge(runner)

    def _judge(self, runner: Runner) -> None:
        loss = torch.stack(self._losses).float().mean().item()
        constant = self._loss.of_constant(torch.stack(self._shares).mean(dim=0))
        if loss > self.near * constant:
            runner.logger.warning(
                f'After {self._last} of {runner.max_iters} steps the loss is {loss:.3f}; the same answer for all clips '
                f'would have {constant:.3f}. The model has learnt next to nothing so far. {LOOK_AT}'
            )
        self._losses, self._shares = [], []
