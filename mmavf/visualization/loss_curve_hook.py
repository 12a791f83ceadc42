"""Loss curves of a running training."""

from pathlib import Path

import numpy as np
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavf.registry import HOOKS

from .loss_curves import draw_loss_curves


@HOOKS.register_module()
class LossCurveHook(Hook):
    """Draw every logged loss over the iterations to `<work_dir>/loss_curve.png`, after each epoch.

    One panel per term: the logged means pale, their moving average strong. Curves of a resumed run are complete, as
    the logged values are part of the checkpoint. A term that a resumed run dropped or added has fewer points.
    """

    priority = 'LOWEST'  # after the logger, and after the checkpoint, which matters more than a picture

    def before_train(self, runner: Runner) -> None:
        """No term has been seen."""
        self._present: set[str] = set()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Remember which terms there are."""
        self._present.update(f'train/{name}' for name in outputs)

    @master_only
    def after_train_epoch(self, runner: Runner) -> None:
        """Draw what has been logged so far."""
        scalars = runner.message_hub.log_scalars
        losses = {name: scalars[name].data[0] for name in scalars if name.startswith('train/') and 'loss' in name}
        longest = max(map(len, losses.values()), default=0)
        # MMEngine's RuntimeInfoHook notes every iteration, and not which it was
        iters = scalars['train/iter'].data[0] if 'train/iter' in scalars else np.arange(1, longest + 1)
        curves = {}
        for name, values in losses.items():
            if len(values) <= len(iters):
                places = iters[len(iters) - len(values) :] if name in self._present else iters[: len(values)]
                there = ~np.isnan(values)  # a term that an interval did not have
                curves[name.removeprefix('train/')] = places[there], values[there]
        if curves:
            draw_loss_curves(curves, Path(runner.work_dir, 'loss_curve.png'))
