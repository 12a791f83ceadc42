"""Data preprocessors."""

from .av_data_preprocessor import IMAGENET_MEAN, IMAGENET_STD, AVDataPreprocessor
from .mixup_cutmix import MixupCutmix

__all__ = ['IMAGENET_MEAN', 'IMAGENET_STD', 'AVDataPreprocessor', 'MixupCutmix']
