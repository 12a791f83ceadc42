"""Hooks of training: logs, checkpoints, guards."""

from .atomic_checkpoint_hook import AtomicCheckpointHook
from .bad_samples_hook import BadSamplesHook
from .chance_loss_hook import ChanceLossHook
from .compile_blocks_hook import CompileBlocksHook
from .cuda_graph_hook import CUDAGraphHook
from .load_guard_hook import LoadGuardHook
from .nonfinite_guard_hook import NonFiniteGuardHook
from .throughput_hook import ThroughputHook
from .train_stats_hook import TrainStatsHook

__all__ = [
    'AtomicCheckpointHook',
    'BadSamplesHook',
    'CUDAGraphHook',
    'ChanceLossHook',
    'CompileBlocksHook',
    'LoadGuardHook',
    'NonFiniteGuardHook',
    'ThroughputHook',
    'TrainStatsHook',
]
