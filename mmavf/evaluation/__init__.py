"""Evaluation: predictions and their files, scores, metrics for configurations."""

from .evaluate import evaluate
from .metrics import ClassificationMetric, PredictionMetric, RegressionMetric
from .predictions import Predictions, pool

__all__ = ['ClassificationMetric', 'PredictionMetric', 'Predictions', 'RegressionMetric', 'evaluate', 'pool']
