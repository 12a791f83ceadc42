"""What a training script settles from the machine before it builds a runner."""

import os
from collections.abc import MutableMapping

import torch

MAX_WORKERS = 10


def resolve_loaders(cfg: MutableMapping) -> None:
    """Settle the worker options of every data loader in `cfg`, in place.

    `num_workers='auto'` becomes the processor cores per local process, at most 10. A loader without workers loses
    `persistent_workers` and `prefetch_factor`, which PyTorch refuses there. Memory is pinned only where there is a GPU.
    """
    local_processes = int(os.environ.get('LOCAL_WORLD_SIZE') or os.environ.get('SLURM_NTASKS_PER_NODE') or 1)
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(key)
        if not loader:
            continue
        if loader.get('num_workers') == 'auto':
            loader['num_workers'] = min(MAX_WORKERS, len(os.sched_getaffinity(0)) // local_processes)
        if not torch.cuda.is_available():
            loader.pop('pin_memory', None)
        if not loader.get('num_workers'):
            loader.pop('persistent_workers', None)
            loader.pop('prefetch_factor', None)
