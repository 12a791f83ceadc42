"""Loss curves as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


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
