"""The synthetic audio-visual emotion set: real mp4 files of drawn faces that speak."""

from .builder import SyntheticSettings, build_synthetic_set
from .emotions import CLASSES, EMOTIONS

__all__ = ['CLASSES', 'EMOTIONS', 'SyntheticSettings', 'build_synthetic_set']
