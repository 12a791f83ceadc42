"""Optimizer wrapper, its constructor and the learning-rate schedule."""

from .guarded_optim_wrapper import GuardedOptimWrapper, has_bf16_units
from .optim_wrapper_constructor import DecayOptimWrapperConstructor
from .warmup_cosine_lr import WarmupCosineLR

__all__ = ['DecayOptimWrapperConstructor', 'GuardedOptimWrapper', 'WarmupCosineLR', 'has_bf16_units']
