"""Metrics that configurations name in their evaluators."""

from .classification_metric import ClassificationMetric
from .prediction_metric import PredictionMetric
from .regression_metric import RegressionMetric

__all__ = ['ClassificationMetric', 'PredictionMetric', 'RegressionMetric']
