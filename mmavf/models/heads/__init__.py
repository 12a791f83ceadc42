"""Heads of the downstream stages."""

from .classification_head import ClassificationHead, class_scores
from .linear_head import LinearHead
from .regression_head import RegressionHead

__all__ = ['ClassificationHead', 'LinearHead', 'RegressionHead', 'class_scores']
