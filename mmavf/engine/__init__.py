"""Training: runner, loop, optimizer step, hooks."""

from mmavf.files.atomic_file import AtomicLocalBackend

from .fully_shard import FullyShard
from .hooks import (
    AtomicCheckpointHook,
    BadSamplesHook,
    CompileBlocksHook,
    CUDAGraphHook,
    LoadGuardHook,
    NonFiniteGuardHook,
    ThroughputHook,
    TrainStatsHook,
)
from .launch import resolve_loaders
from .log_processor import ProgressLogProcessor
from .loops import ResumableTrainLoop
from .optimizers import DecayOptimWrapperConstructor, GuardedOptimWrapper, WarmupCosineLR
from .runner import AVFRunner

__all__ = [
    'AVFRunner',
    'AtomicCheckpointHook',
    'AtomicLocalBackend',
    'BadSamplesHook',
    'CUDAGraphHook',
    'CompileBlocksHook',
    'DecayOptimWrapperConstructor',
    'FullyShard',
    'GuardedOptimWrapper',
    'LoadGuardHook',
    'NonFiniteGuardHook',
    'ProgressLogProcessor',
    'ResumableTrainLoop',
    'ThroughputHook',
    'TrainStatsHook',
    'WarmupCosineLR',
    'resolve_loaders',
]
