"""Losses."""

from .classification import SoftTargetCrossEntropy
from .hcmcl import HCMCLLoss
from .masked_mse import MaskedMSELoss
from .regression import CCCLoss, RegressionMSELoss

__all__ = ['CCCLoss', 'HCMCLLoss', 'MaskedMSELoss', 'RegressionMSELoss', 'SoftTargetCrossEntropy']
