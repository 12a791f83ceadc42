"""Figures of merit as pure functions on arrays."""

from .bootstrap import classification_intervals, regression_intervals
from .classification import (
    CLASSIFICATION_SCORES,
    confusion_matrix,
    macro_f1,
    unweighted_average_recall,
    weighted_average_recall,
    weighted_f1,
)
from .paired_bootstrap import (
    Difference,
    classification_resamples,
    draw_units,
    interval,
    mean_of_resamples,
    paired_differences,
    regression_resamples,
)
from .regression import REGRESSION_SCORES, concordance, pearson, rmse

__all__ = [
    'CLASSIFICATION_SCORES',
    'REGRESSION_SCORES',
    'Difference',
    'classification_intervals',
    'classification_resamples',
    'concordance',
    'confusion_matrix',
    'draw_units',
    'interval',
    'macro_f1',
    'mean_of_resamples',
    'paired_differences',
    'pearson',
    'regression_intervals',
    'regression_resamples',
    'rmse',
    'unweighted_average_recall',
    'weighted_average_recall',
    'weighted_f1',
]
