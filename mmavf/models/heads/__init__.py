"""Heads of the downstream stages."""

from .classification_head import ClassificationHead
from .linear_head import LinearHead
from .regression_head import RegressionHead

__all__ = ['ClassificationHead', 'LinearHead', 'RegressionHead']
