"""Maskers of the pre-training stage and the mask generators that they are composed of."""

from .av_dual_masker import AVDualMasker
from .dual_masker import DualMasker
from .generators import RandomMask, RegionBalancedMask, RunningCellMask, TubeMask
from .token_mask import TokenMask

__all__ = [
    'AVDualMasker',
    'DualMasker',
    'RandomMask',
    'RegionBalancedMask',
    'RunningCellMask',
    'TokenMask',
    'TubeMask',
]
