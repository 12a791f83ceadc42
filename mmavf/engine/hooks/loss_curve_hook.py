"""The loss curve as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavf.registry import HOOKS


def smooth(values: np.ndarray, width: int) -> np.ndarray:
    """Mean over a window of `width` points around each point, shorter at the ends, of the finite values.

    Args:
        values: (N,) floats.
        width: Odd number of points.
    """
    finite = np.isfinite(values)
    window = np.ones(min(width, 2 * len(values) - 1))
    total = np.convolve(np.where(finite, values, 0.0), window, mode='full')
    count = np.convolve(finite.astype(float), window, mode='full')
    start = len(window) // 2
    mean = total / np.maximum(count, 1)
    return mean[start : start + len(values)]


@HOOKS.register_module()
class LossCurveHook(Hook):
    """Draw every logged loss over the iterations to `<work_dir>/loss_curve.png`, after each epoch.

    A panel per term: the logged means pale, their smoothed course strong. Curves of a resumed run are whole, because
    the logged values are part of the checkpoint. A term that a resumed run has no more, or has anew, has fewer points.
    """

    priority = 'LOWEST'  # after the logger, and after the checkpoint, which matters more than a picture

    def before_train(self, runner: Runner) -> None:
        """No term has been seen."""
        self._present: set[str] = set()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
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


def draw_loss_curves(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Write a PNG with one panel per loss term.

    Args:
        curves: Name of each term, the (N,) iterations of its logged points and their (N,) values.
        path: PNG file to write.
    """
    figure = Figure(figsize=(4.5 * len(curves), 3.6), layout='constrained')
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for panel, (name, (iters, values)) in zip(panels, curves.items(), strict=True):
        width = max(3, len(iters) // 20) | 1
        panel.plot(iters, values, color='tab:blue', alpha=0.3, linewidth=1, marker='.', markersize=3, label='logged')
        panel.plot(iters, smooth(values, width), color='tab:blue', linewidth=2, label=f'mean of {width} points')
        panel.set_title(name)
        panel.set_xlabel('iteration')
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
    figure.savefig(path, dpi=110)
