"""Losses."""

from .hcmcl import HCMCLLoss
from .masked_mse import MaskedMSELoss

__all__ = ['HCMCLLoss', 'MaskedMSELoss']
