"""Clip data sets, reading and checks of lists, transforms, samplers."""

from . import samplers, transforms
from .clip_dataset import AVClipDataset
from .collate import collate_usable
from .concat_dataset import ConcatClipDataset

__all__ = ['AVClipDataset', 'ConcatClipDataset', 'collate_usable', 'samplers', 'transforms']
