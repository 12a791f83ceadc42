"""Paired bootstrap: several models scored on the same resamples of the same clips.

The units of a resample, clips or subjects, are drawn once, as a matrix of how often each one is taken; every model's
scores are then computed on the same draws, so that what makes a resample hard or easy cancels in their difference.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .bootstrap import CHUNK, PERCENTILES, matrix_sums, moment_sums, scores_of_matrices, scores_of_moments

Resampled = dict[str, np.ndarray]


class Difference(NamedTuple):
    """Difference of two models' scores over paired resamples.

    Attributes:
        low: Lower bound of the 95 % percentile interval.
        high: Upper bound.
        share: Share of resamples in which the score is higher than the other model's; equal ones count half.
    """

    low: float
    high: float
    share: float


def draw_units(num_units: int, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Return int32 (resamples, num_units): how often each unit is taken when `num_units` are drawn with replacement."""
    rng = np.random.default_rng(seed)
    share = np.full(num_units, 1 / num_units)
    sizes = [min(CHUNK, resamples - start) for start in range(0, resamples, CHUNK)]
    return np.concatenate([rng.multinomial(num_units, share, size=size).astype(np.int32) for size in sizes])


def classification_resamples(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, unit: np.ndarray, draws: np.ndarray
) -> Resampled:
    """Return WAR, UAR, WA-F1 and macro F1 of each resample, (R,); NaN where it holds none of the clips.

    Args:
        labels: (N,) class indices.
        predictions: (N,) class indices.
        num_classes: Number of classes.
        unit: (N,) index of each clip's unit.
        draws: (R, U) of `draw_units`; some of the U units may have no clips here.
    """
    drawn = _weighted(matrix_sums(labels, predictions, num_classes, unit, draws.shape[1]), draws)  # (R, K * K)
    has_clips = drawn.sum(axis=1) > 0
    scores = scores_of_matrices(drawn[has_clips].reshape(-1, num_classes, num_classes))
    return {name: _spread_out(values, has_clips) for name, values in scores.items()}


def regression_resamples(labels: np.ndarray, predictions: np.ndarray, unit: np.ndarray, draws: np.ndarray) -> Resampled:
    """Return PCC, CCC and RMSE of each resample, the mean over dimensions, (R,); NaN where it holds none of the clips.

    Args:
        labels: (N, K).
        predictions: (N, K).
        unit: (N,) index of each clip's unit.
        draws: (R, U) of `draw_units`; some of the U units may have no clips here.
    """
    drawn = _weighted(moment_sums(labels, predictions, unit, draws.shape[1]), draws)
    drawn = drawn.reshape(len(draws), 7, -1)
    has_clips = drawn[:, 0, 0] > 0
    scores = scores_of_moments(drawn[has_clips].transpose(1, 0, 2))  # (R, 7, K) → (7, R, K)
    return {name: _spread_out(values.mean(axis=1), has_clips) for name, values in scores.items()}


def mean_of_resamples(parts: Sequence[Resampled]) -> Resampled:
    """Return the mean over parts, such as folds or seeds, of each resample; parts that are NaN there are left out."""
    return {name: np.nanmean([part[name] for part in parts], axis=0) for name in parts[0]}


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % percentile interval of resampled scores (R,)."""
    low, high = np.percentile(values, PERCENTILES).tolist()
    return low, high


def paired_differences(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> dict[str, Difference]:
    """Compare two models by their scores (R,) on the same resamples: ours minus theirs."""
    found = {}
    for name, values in ours.items():
        gaps = values - theirs[name]
        found[name] = Difference(*interval(gaps), float(((gaps > 0) + 0.5 * (gaps == 0)).mean()))
    return found


def _weighted(sums: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return the sums over the drawn units, (R, F), of sums per unit (U, F)."""
    return np.concatenate([draws[start : start + CHUNK] @ sums for start in range(0, len(draws), CHUNK)])


def _spread_out(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    found = np.full(len(places), np.nan)
    found[places] = values
    return found
