"""Samplers that make the order and the randomness of training samples repeatable."""

from .keyed_sampler import KeyedSampler

__all__ = ['KeyedSampler']
