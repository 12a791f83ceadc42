"""Evaluation: predictions and their files, scores, metrics for configurations."""

from .evaluate import evaluate, report
from .metrics import ClassificationMetric, PredictionMetric, RegressionMetric
from .predictions import Predictions, pool

__all__ = [
    'ClassificationMetric',
    'PredictionMetric',
    'Predictions',
    'RegressionMetric',
    'evaluate',
    'pool',
    'report',
]
