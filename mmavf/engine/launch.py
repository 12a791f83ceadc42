"""What a training script settles from the machine before it builds a runner."""

import os

import torch
from mmengine.config import Config

MAX_WORKERS = 10


def _cores_per_process() -> int:
    cores = len(os.sched_getaffinity(0))
    if 'LOCAL_WORLD_SIZE' in os.environ:  # torchrun: the processes of a machine share its cores
        return cores // int(os.environ['LOCAL_WORLD_SIZE'])
    return int(os.environ.get('SLURM_CPUS_PER_TASK', cores))  # srun: each process has its own


def resolve_loaders(cfg: Config | dict) -> None:
    """Settle the worker options of every data loader in `cfg`, in place.

    `num_workers='auto'` becomes the processor cores per process, at most 10. A loader without workers loses
    `persistent_workers` and `prefetch_factor`, which PyTorch refuses there. Memory is pinned only where there is a GPU.
    """
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(key)
        if not loader:
            continue
        if loader.get('num_workers') == 'auto':
            loader['num_workers'] = min(MAX_WORKERS, _cores_per_process())
        if not torch.cuda.is_available():
            loader.pop('pin_memory', None)
        if not loader.get('num_workers'):
            loader.pop('persistent_workers', None)
            loader.pop('prefetch_factor', None)
