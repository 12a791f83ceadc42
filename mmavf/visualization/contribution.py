"""What each modality contributes to each class, as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOURS = ('#4c78a8', '#f58518', '#54a24b')


def draw_contribution(scores: Mapping[str, Sequence[float]], names: Sequence[str], label: str, path: Path) -> None:
    """Write a PNG: for each class or dimension a bar per input.

    Args:
        scores: Of each input, such as `both` and `without audio`, the score of each name; NaN has no bar.
        names: Classes or dimensions.
        label: What the score is.
        path: PNG file to write.
    """
    figure = Figure(figsize=(max(5.0, 0.9 * len(names) + 2), 3.8), layout='constrained')
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    width = 0.8 / len(scores)
    for number, (kind, values) in enumerate(scores.items()):
        places = np.arange(len(names)) + (number - (len(scores) - 1) / 2) * width
        panel.bar(places, values, width * 0.92, label=kind, color=COLOURS[number % len(COLOURS)])
    panel.set_xticks(range(len(names)), names, rotation=30, ha='right', parse_math=False)
    panel.set(ylabel=label)
    panel.axhline(0, color='black', linewidth=0.8)
    panel.legend(frameon=False, ncols=len(scores), loc='lower center', bbox_to_anchor=(0.5, 1))
    figure.savefig(path, dpi=140)
