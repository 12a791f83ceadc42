"""Data preprocessors."""

from .av_data_preprocessor import IMAGENET_MEAN, IMAGENET_STD, AVDataPreprocessor

__all__ = ['IMAGENET_MEAN', 'IMAGENET_STD', 'AVDataPreprocessor']
