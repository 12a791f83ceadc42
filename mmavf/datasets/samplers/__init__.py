"""Samplers that make the order and the randomness of training samples repeatable."""

from .class_balanced_sampler import ClassBalancedSampler
from .keyed_sampler import KeyedSampler
from .shard_shuffle_sampler import ShardShuffleSampler

__all__ = ['ClassBalancedSampler', 'KeyedSampler', 'ShardShuffleSampler']
