"""Clip data sets, reading and checks of lists, transforms, samplers."""

from . import samplers, transforms
from .clip_dataset import AVClipDataset
from .concat_dataset import ConcatClipDataset

__all__ = ['AVClipDataset', 'ConcatClipDataset', 'samplers', 'transforms']
