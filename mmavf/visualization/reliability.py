"""The reliability diagram of a classifier, before and after calibration, as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mmavf.evaluation.functional import Reliability


def draw_reliability(panels: dict[str, Reliability], path: Path) -> None:
    """Write a PNG: a panel per diagram, with a bar per bin of confidence up to its accuracy, and the diagonal.

    Below each bar stands how many clips it has. A bar below the diagonal is a bin that is too sure of itself.

    Args:
        panels: Diagrams by their titles.
        path: PNG file to write.
    """
    figure = Figure(figsize=(4.2 * len(panels), 4.4), layout='constrained')
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for panel, (title, diagram) in zip(axes, panels.items(), strict=True):
        _draw_panel(panel, diagram)
        panel.set_title(title)
    axes[0].set_ylabel('share that is right')
    figure.savefig(path, dpi=140)


def _draw_panel(panel: Axes, diagram: Reliability) -> None:
    middles, widths = (diagram.edges[:-1] + diagram.edges[1:]) / 2, np.diff(diagram.edges)
    filled = diagram.counts > 0
    panel.bar(middles[filled], diagram.accuracy[filled], widths[filled] * 0.92, color='#4c78a8')
    panel.plot([0, 1], [0, 1], color='black', linewidth=1, linestyle='--')
    panel.plot(diagram.confidence[filled], diagram.accuracy[filled], 'o', color='black', markersize=3)
    for middle, count in zip(middles[filled], diagram.counts[filled].tolist(), strict=True):
        panel.annotate(str(count), (middle, 0), (0, -4), textcoords='offset points', ha='center', va='top', fontsize=6)
    panel.set(xlim=(0, 1), ylim=(0, 1), xlabel='confidence (below the bars: clips)', aspect='equal')
    panel.xaxis.set_major_formatter(PercentFormatter(1))
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.tick_params(axis='x', pad=10)
