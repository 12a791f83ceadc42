"""Bootstrap intervals, all resamples at once.

Resampling N units with replacement is drawing how often each unit is taken. The scores depend on sums over clips
alone (counts of the confusion matrix, moments), so that a resample is one product of those draws with the units' sums.
"""

from collections.abc import Sequence

import numpy as np

PERCENTILES = (2.5, 97.5)
CHUNK = 100  # resamples drawn at a time: 10,000 units then take 8 MB


def classification_intervals(
    labels: np.ndarray,
    predictions: np.ndarray,
    num_classes: int,
    scores: Sequence[str],
    units: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return the 95 % percentile interval of each score over bootstrap resamples.

    Args:
        labels: (N,) class indices.
        predictions: (N,) class indices.
        num_classes: Number of classes.
        scores: Of war, uar, wa_f1, macro_f1, uf1. As without resampling, UAR and F1 leave out the classes that a
            resample has nothing of.
        units: (N,) names; clips with the same name, such as a subject's, are drawn together. None draws single clips.
        resamples: Number of resamples.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    if units is None:  # drawing clips is drawing cells of the confusion matrix by their share
        counts = np.bincount(labels * num_classes + predictions, minlength=num_classes**2)
        drawn = rng.multinomial(len(labels), counts / len(labels), size=resamples)
    else:
        unit = np.unique(units, return_inverse=True)[1]
        drawn = draw_sums(matrix_sums(labels, predictions, num_classes, unit), rng, resamples)
    matrices = drawn.reshape(resamples, num_classes, num_classes)  # (R, K * K) → (R, K, K)
    values = scores_of_matrices(matrices.astype(np.float64))
    return {name: _interval(values[name]) for name in scores}


def regression_intervals(
    labels: np.ndarray,
    predictions: np.ndarray,
    scores: Sequence[str],
    units: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[np.ndarray, tuple[float, float]]]:
    """Return per score the 95 % percentile intervals of the dimensions, (K, 2), and that of their mean.

    Args:
        labels: (N, K).
        predictions: (N, K).
        scores: Of pcc, ccc, rmse.
        units: (N,) names; clips with the same name, such as a subject's, are drawn together. None draws single clips.
        resamples: Number of resamples.
        seed: Of the draws.
    """
    unit = np.arange(len(labels)) if units is None else np.unique(units, return_inverse=True)[1]
    drawn = draw_sums(moment_sums(labels, predictions, unit), np.random.default_rng(seed), resamples)
    drawn = drawn.reshape(resamples, 7, -1).transpose(1, 0, 2)  # (R, 7 * K) → (7, R, K)
    values = scores_of_moments(drawn)
    return {name: (_bounds(values[name]).T, _interval(values[name].mean(axis=1))) for name in scores}


def matrix_sums(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, unit: np.ndarray, num_units: int | None = None
) -> np.ndarray:
    """Return (units, num_classes²): the confusion matrix of each unit's clips, flattened.

    Args:
        labels: (N,) class indices.
        predictions: (N,) class indices.
        num_classes: Number of classes.
        unit: (N,) index of each clip's unit.
        num_units: Number of units; None: those up to the highest index.
    """
    sums = np.zeros((num_units or unit.max() + 1, num_classes**2))
    np.add.at(sums, (unit, labels * num_classes + predictions), 1)
    return sums


def moment_sums(
    labels: np.ndarray, predictions: np.ndarray, unit: np.ndarray, num_units: int | None = None
) -> np.ndarray:
    """Return (units, 7 * K): each unit's moments as `scores_of_moments` takes them, flattened.

    Args:
        labels: (N, K).
        predictions: (N, K).
        unit: (N,) index of each clip's unit.
        num_units: Number of units; None: those up to the highest index.
    """
    # Correlations do not change when both are moved by the same amount, and small numbers lose fewer digits.
    centre = labels.mean(axis=0)
    x, y = labels - centre, predictions - centre
    moments = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y, (x - y) ** 2], axis=1)  # (N, 7, K)
    sums = np.zeros((num_units or unit.max() + 1, *moments.shape[1:]))
    np.add.at(sums, unit, moments)
    return sums.reshape(len(sums), -1)


def scores_of_matrices(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """Return WAR, UAR, WA-F1 and macro F1 of many confusion matrices (R, K, K), each (R,)."""
    hits = np.diagonal(matrices, axis1=1, axis2=2)  # (R, K)
    support, predicted = matrices.sum(axis=2), matrices.sum(axis=1)
    recall = _ratio(hits, support)
    f1 = _ratio(2 * hits, support + predicted)
    total = support.sum(axis=1)
    macro = np.nanmean(f1, axis=1)
    return dict(
        war=hits.sum(axis=1) / total,
        uar=np.nanmean(recall, axis=1),
        wa_f1=np.nansum(f1 * support, axis=1) / total,
        macro_f1=macro,
        uf1=macro,
    )


def scores_of_moments(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Return PCC, CCC and RMSE, each (R, K), of sums (7, R, K) over clips of 1, x, y, x², y², xy, (x - y)².

    Where a resample has a constant label or prediction, both correlations are those of `functional.regression`.
    """
    count = sums[0]
    mean_x, mean_y, xx, yy, xy, error = sums[1:] / count
    unbias = count / np.maximum(count - 1, 1)
    # A variance below the rounding of its terms is 0.
    var_x, var_y = (
        np.where(square - mean**2 > 1e-12 * square, square - mean**2, 0) * unbias
        for mean, square in ((mean_x, xx), (mean_y, yy))
    )
    varies = (var_x > 0) & (var_y > 0)
    covariance = np.where(varies, (xy - mean_x * mean_y) * unbias, 0)
    shift = (mean_x - mean_y) ** 2
    return dict(
        pcc=np.where(count == 1, 1, np.nan_to_num(_ratio(covariance, np.sqrt(var_x * var_y)))),
        ccc=np.where(varies, np.nan_to_num(_ratio(2 * covariance, var_x + var_y + shift)), error == 0),
        rmse=np.sqrt(error),
    )


def draw_sums(sums: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Return (resamples, F): sums over as many units as there are rows in `sums` (U, F), drawn with replacement."""
    share = np.full(len(sums), 1 / len(sums))
    chunks = [min(CHUNK, resamples - start) for start in range(0, resamples, CHUNK)]
    return np.concatenate([rng.multinomial(len(sums), share, size=size) @ sums for size in chunks])


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, NaN where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


def _bounds(values: np.ndarray) -> np.ndarray:
    """Return the two percentiles over resamples, (2,) of (R,) values, or (2, K) of (R, K)."""
    return np.percentile(values, PERCENTILES, axis=0)


def _interval(values: np.ndarray) -> tuple[float, float]:
    low, high = _bounds(values).tolist()
    return low, high
