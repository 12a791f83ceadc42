"""Samplers with a repeatable order and randomness of training samples."""

from .class_balanced_sampler import ClassBalancedSampler
from .keyed_sampler import KeyedSampler
from .shard_shuffle_sampler import ShardShuffleSampler

__all__ = ['ClassBalancedSampler', 'KeyedSampler', 'ShardShuffleSampler']
