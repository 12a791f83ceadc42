"""The confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import PercentFormatter

MAX_WRITTEN = 15  # with more classes, cells have no text
DARK = 0.65  # share of a row above which text is white


def draw_confusion_matrix(matrix: np.ndarray, classes: Sequence[str], path: Path, counts: bool = False) -> None:
    """Write a PNG: a row per true class, with the percentage of its clips that each class was predicted for.

    Args:
        matrix: Numbers of clips, (K, K): row = label, column = prediction. The row of a class without clips is empty.
        classes: K names.
        path: PNG file to write.
        counts: Also draw the numbers of clips beside it; every cell then has text, however many there are.
    """
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # (K, K)
    few = len(classes) <= MAX_WRITTEN
    side = 2.4 + (0.5 if few else 0.28 if counts else 0.22) * len(classes)
    figure = Figure(figsize=((side + 0.6) * (1 + counts), side), layout='constrained')
    FigureCanvasAgg(figure)
    *left, right = np.atleast_1d(figure.subplots(1, 1 + counts))
    for panel in left:
        _draw_cells(panel, matrix, classes, shares, matrix)
        panel.set_title('clips')
    image = _draw_cells(right, matrix, classes, shares, 100 * shares if few or counts else None)
    if counts:
        right.set_title('% of the true class')
    bar = figure.colorbar(image, ax=right, shrink=0.7, ticks=(0, 0.5, 1), format=PercentFormatter(1))
    bar.outline.set_visible(False)
    figure.savefig(path, dpi=140, bbox_inches='tight')


def _draw_cells(
    panel: Axes, matrix: np.ndarray, classes: Sequence[str], shares: np.ndarray, written: np.ndarray | None
) -> AxesImage:
    """Colour the cells by `shares`, write `written` where there are clips, label rows and columns."""
    image = panel.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    size = 9 if len(classes) <= MAX_WRITTEN else 7
    rows = [f'{name} ({count})' for name, count in zip(classes, matrix.sum(axis=1).tolist(), strict=True)]
    panel.set_xticks(range(len(classes)), classes, rotation=90, fontsize=size, parse_math=False)
    panel.set_yticks(range(len(classes)), rows, fontsize=size, parse_math=False)
    panel.set(xlabel='predicted class', ylabel='true class (clips)')
    panel.spines[:].set_visible(False)
    if written is None:
        return image
    for row, column in np.argwhere(matrix):
        colour = 'white' if shares[row, column] > DARK else 'black'
        panel.text(column, row, f'{written[row, column]:.0f}', ha='center', va='center', fontsize=size, color=colour)
    return image
