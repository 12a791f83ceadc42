"""Losses and gradient norm, averaged on the device and read once per log interval."""

import torch
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor

from mmavf.registry import HOOKS

from .log_points import is_log_point


@HOOKS.register_module()
class TrainStatsHook(RuntimeInfoHook):
    """MMEngine's RuntimeInfoHook, which reads every loss from the device in every step, without that.

    Each interval publishes the mean of every loss term over those of its iterations that had it, of the gradient norm
    over those that end an optimizer step (NaN where none does), both over all ranks, leaving out values that are not
    finite; the learning rate; and the number of steps skipped so far.
    """

    def before_train(self, runner: Runner) -> None:
        """Start an empty interval."""
        super().before_train(runner)
        self._totals: dict[tuple[str, ...], Tensor] = {}  # for the names of K figures (2, K): sums, counts
        self._seen: dict[str, None] = {}  # names of all figures of this run

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Publish the iteration."""
        runner.message_hub.update_info('iter', runner.iter)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Add the step's figures to the interval's; publish them at a log point."""
        wrapper = runner.optim_wrapper
        # a batch that ends no step has no gradient norm of its own; what is not finite does not count
        grad_norm = wrapper.grad_norm if wrapper.should_update() else torch.full_like(wrapper.grad_norm, torch.nan)
        figures = {**outputs, 'grad_norm': grad_norm}
        values = torch.stack([value.detach().float() for value in figures.values()])  # (K,)
        finite = torch.isfinite(values)
        step = torch.stack([torch.where(finite, values, 0.0), finite.float()])  # (2, K)
        names = tuple(figures)  # one sum for all, unless terms come and go
        self._totals[names] = self._totals[names] + step if names in self._totals else step
        if is_log_point(runner, batch_idx):
            self._publish(runner)

    def _publish(self, runner: Runner) -> None:
        hub, wrapper = runner.message_hub, runner.optim_wrapper
        means = self._means(wrapper.grad_norm.device)
        self._seen.update(dict.fromkeys(means))
        for name in self._seen:  # a term that this interval had not is NaN, so that all have their place in time
            total, count = means.get(name, (0.0, 0))
            hub.update_scalar(f'train/{name}', total / count if count else float('nan'))
        hub.update_scalar('train/lr', max(group['lr'] for group in wrapper.optimizer.param_groups))
        hub.update_scalar('train/skipped_steps', int(wrapper.skipped))
        hub.update_scalar('train/iter', runner.iter + 1)
        self._totals = {}

    def _means(self, device: torch.device) -> dict[str, list[float]]:
        """Return sum and count of each figure over all ranks, which need not have met the same terms."""
        own: dict[str, torch.Tensor] = {}
        for group, sums in self._totals.items():
            for name, total in zip(group, sums.unbind(dim=1), strict=True):  # (2,)
                own[name] = own[name] + total if name in own else total
        names = list(dict.fromkeys(name for theirs in all_gather_object(list(own)) for name in theirs))
        totals = torch.stack([own.get(name, torch.zeros(2, device=device)) for name in names])  # (K, 2)
        all_reduce(totals)
        return dict(zip(names, totals.tolist(), strict=True))
