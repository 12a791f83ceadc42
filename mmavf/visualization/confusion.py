"""The confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

MAX_WRITTEN = 15  # classes up to which each cell says its percentage
DARK = 0.65  # share of a row from which the writing is white


def draw_confusion_matrix(matrix: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Write a PNG: a row per true class, with the percentage of its clips that each class was predicted for.

    Args:
        matrix: Numbers of clips, (K, K): row = label, column = prediction. The row of a class without clips is empty.
        classes: K names.
        path: PNG file to write.
    """
    support = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(support, 1)  # (K, K)
    side = 2.4 + 0.5 * len(classes) if len(classes) <= MAX_WRITTEN else 2.4 + 0.22 * len(classes)
    figure = Figure(figsize=(side + 0.6, side), layout='constrained')
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    image = panel.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    rows = [f'{name} ({count})' for name, count in zip(classes, support[:, 0].tolist(), strict=True)]
    size = 9 if len(classes) <= MAX_WRITTEN else 7
    panel.set_xticks(range(len(classes)), classes, rotation=90, fontsize=size, parse_math=False)
    panel.set_yticks(range(len(classes)), rows, fontsize=size, parse_math=False)
    panel.set(xlabel='predicted class', ylabel='true class (clips)')
    panel.spines[:].set_visible(False)
    if len(classes) <= MAX_WRITTEN:
        for row, column in np.argwhere(matrix):
            share = shares[row, column]
            colour = 'white' if share > DARK else 'black'
            panel.text(column, row, f'{100 * share:.0f}', ha='center', va='center', fontsize=9, color=colour)
    bar = figure.colorbar(image, ax=panel, shrink=0.7, ticks=(0, 0.5, 1), format=PercentFormatter(1))
    bar.outline.set_visible(False)
    figure.savefig(path, dpi=140, bbox_inches='tight')
