"""Figures of merit of a regressor, one number per dimension.

All take `labels` and `predictions`, (N, K) with N >= 1, and return (K,) float64.
"""

import numpy as np
from mmengine.logging import MMLogger
from scipy import stats
from sklearn import metrics


def pearson(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return PCC, Pearson's correlation, in [-1, 1].

    It does not exist for one sample, where 1 is returned, nor where labels or predictions are constant, where 0 is
    returned; both with a warning.
    """
    if len(labels) == 1:
        _warn('PCC of a single sample does not exist: set to 1.')
        return np.ones(labels.shape[1])
    return np.array([_pearson(*columns, dim) for dim, columns in enumerate(zip(labels.T, predictions.T, strict=True))])


def concordance(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return CCC, Lin's concordance 2 cov / (var + var + (mean - mean)²) with unbiased moments, in [-1, 1].

    A single sample has moments of 0. Where labels and predictions are one and the same constant, 0 / 0 is 1, with a
    warning; with a warning too, it is 0 where only one of them is constant.
    """
    return np.array(
        [_concordance(*columns, dim) for dim, columns in enumerate(zip(labels.T, predictions.T, strict=True))]
    )


def rmse(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return the root of the mean squared error, in the labels' unit."""
    return metrics.root_mean_squared_error(labels, predictions, multioutput='raw_values')


# Names in configurations.
REGRESSION_SCORES = dict(pcc=pearson, ccc=concordance, rmse=rmse)


def _pearson(labels: np.ndarray, predictions: np.ndarray, dim: int) -> float:
    if np.ptp(labels) == 0 or np.ptp(predictions) == 0:
        _warn(f'PCC of dimension {dim} does not exist, labels or predictions are constant: set to 0.')
        return 0.0
    return float(stats.pearsonr(labels, predictions).statistic)


def _concordance(labels: np.ndarray, predictions: np.ndarray, dim: int) -> float:
    if np.ptp(labels) == 0 or np.ptp(predictions) == 0:
        same = np.array_equal(labels, predictions)
        _warn(f'CCC of dimension {dim}: labels or predictions are constant, which gives {float(same):g}.')
        return float(same)
    covariance = np.cov(labels, predictions, ddof=1)  # (2, 2)
    return float(2 * covariance[0, 1] / (np.trace(covariance) + (labels.mean() - predictions.mean()) ** 2))


def _warn(message: str) -> None:
    MMLogger.get_current_instance().warning(message)
