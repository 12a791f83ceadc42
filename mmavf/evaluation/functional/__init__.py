"""Figures of merit as pure functions on arrays."""

from .bootstrap import classification_intervals, regression_intervals
from .calibration import (
    Reliability,
    apply_calibration,
    calibration_error_interval,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
    with_temperature,
)
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
    'Reliability',
    'apply_calibration',
    'calibration_error_interval',
    'classification_intervals',
    'classification_resamples',
    'concordance',
    'confusion_matrix',
    'draw_units',
    'expected_calibration_error',
    'fit_temperature',
    'interval',
    'macro_f1',
    'mean_of_resamples',
    'negative_log_likelihood',
    'paired_differences',
    'pearson',
    'regression_intervals',
    'regression_resamples',
    'reliability',
    'rmse',
    'unweighted_average_recall',
    'weighted_average_recall',
    'weighted_f1',
    'with_temperature',
]
