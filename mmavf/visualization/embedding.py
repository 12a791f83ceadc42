"""A two-dimensional map of features by t-SNE (van der Maaten and Hinton, 2008)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.logging import MMLogger
from sklearn.manifold import TSNE

from mmavf.errors import ConfigError

from .palette import class_look

MIN_CLIPS = 4
SEED = 0  # for approximate decompositions; the initialization itself is not random
MARKER_SIZE = 22
LEGEND_ROWS = 22


def tsne(features: np.ndarray, perplexity: float = 30.0) -> np.ndarray:
    """Map features to the plane by t-SNE, initialized by their first two principal components: it is repeatable.

    Args:
        features: (N, D) finite floats, N >= 4.
        perplexity: Roughly the number of neighbours of a clip. With few clips it is lowered to (N - 1) / 3, which is
            logged.

    Returns:
        Float32 (N, 2). Distances within a cluster and which clusters touch are meaningful, directions and scale are
            not.

    Raises:
        ConfigError: Fewer than 4 clips, or all have the same features.
    """
    count = len(features)
    if count < MIN_CLIPS:
        raise ConfigError(f't-SNE needs at least {MIN_CLIPS} clips, there are {count}: use a longer list.')
    if not np.ptp(features, axis=0).any():
        raise ConfigError(f'All {count} clips have the same features: there is nothing to draw.')
    most = (count - 1) / 3
    if perplexity > most:
        MMLogger.get_current_instance().info(
            f't-SNE of {count} clips: perplexity lowered from {perplexity:g} to {most:.3g}'
        )
    method = TSNE(n_components=2, init='pca', perplexity=min(perplexity, most), random_state=SEED)
    return method.fit_transform(features.astype(np.float32))


def draw_embedding(
    points: np.ndarray, labels: np.ndarray | None, names: Sequence[str], path: Path, title: str = ''
) -> None:
    """Write a PNG of points coloured by what their labels are.

    Args:
        points: (N, 2).
        labels: Class indices (N,), values (N, K), or None: the points then have no colours.
        names: Names of the classes in index order, or K names of the values.
        path: PNG file to write.
        title: Heading.
    """
    if labels is None:
        draw_points(points, path, title)
    elif labels.ndim == 1:
        draw_classes(points, labels, names, path, title)
    else:
        draw_values(points, labels, names, path, title)


def draw_points(points: np.ndarray, path: Path, title: str = '') -> None:
    """Write a PNG of points without labels; arguments as in `draw_embedding`."""
    figure, (panel,) = _figure(1, title)
    panel.scatter(points[:, 0], points[:, 1], s=MARKER_SIZE, c='0.35', linewidths=0, alpha=0.85)
    figure.savefig(path, dpi=130)


def draw_classes(points: np.ndarray, labels: np.ndarray, classes: Sequence[str], path: Path, title: str = '') -> None:
    """Write a PNG of points coloured by class; the legend names the classes that occur, with their number of clips.

    Args:
        points: (N, 2).
        labels: Class indices, (N,).
        classes: Names in index order.
        path: PNG file to write.
        title: Heading.
    """
    figure, (panel,) = _figure(1, title)
    for index, name in enumerate(classes):
        chosen = points[labels == index]
        if len(chosen):
            colour, mark = class_look(index)
            label = f'{name} ({len(chosen)})'
            panel.scatter(
                chosen[:, 0], chosen[:, 1], s=MARKER_SIZE, c=colour, marker=mark, linewidths=0, alpha=0.85, label=label
            )
    columns = -(-len(np.unique(labels)) // LEGEND_ROWS)
    legend = figure.legend(loc='outside right upper', ncols=columns, frameon=False, fontsize=9, markerscale=1.4)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar sign is not math
    figure.savefig(path, dpi=130)


def draw_values(points: np.ndarray, values: np.ndarray, dims: Sequence[str], path: Path, title: str = '') -> None:
    """Write a PNG with a panel per dimension, whose points are coloured by the value.

    Args:
        points: (N, 2).
        values: (N, K).
        dims: K names.
        path: PNG file to write.
        title: Heading.
    """
    figure, panels = _figure(len(dims), title)
    for panel, name, column in zip(panels, dims, values.T, strict=True):
        dots = panel.scatter(points[:, 0], points[:, 1], s=MARKER_SIZE, c=column, cmap='viridis', linewidths=0)
        figure.colorbar(dots, ax=panel, shrink=0.8)
        panel.set_title(name, fontsize=10, parse_math=False)
    figure.savefig(path, dpi=130)


def _figure(panels: int, title: str) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(6.2 * panels + 1.4, 6.2), layout='constrained')
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha='left', fontsize=11, parse_math=False)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for panel in axes:  # t-SNE axes have no unit
        panel.set(xticks=[], yticks=[], aspect='equal', adjustable='datalim')
        panel.spines[:].set_color('0.8')
    return figure, axes
