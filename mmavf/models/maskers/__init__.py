"""Maskers of the pre-training stage and the mask generators that they are composed of."""

from .av_dual_masker import AVDualMasker, TokenMask, explicit_mask
from .generators import RandomMask, RegionBalancedMask, RunningCellMask, TubeMask

__all__ = [
    'AVDualMasker',
    'RandomMask',
    'RegionBalancedMask',
    'RunningCellMask',
    'TokenMask',
    'TubeMask',
    'explicit_mask',
]
