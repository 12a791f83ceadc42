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
from .regression import REGRESSION_SCORES, concordance, pearson, rmse

__all__ = [
    'CLASSIFICATION_SCORES',
    'REGRESSION_SCORES',
    'classification_intervals',
    'concordance',
    'confusion_matrix',
    'macro_f1',
    'pearson',
    'regression_intervals',
    'rmse',
    'unweighted_average_recall',
    'weighted_average_recall',
    'weighted_f1',
]
