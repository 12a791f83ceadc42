"""Loader options that depend on the machine, settled before a runner is built."""

import os
from pathlib import Path

import torch
from mmengine.config import Config

MAX_WORKERS = 10
JOBS = 'MMAVF_JOBS'  # runs that share this machine's cores
CPU_MAX = Path('/sys/fs/cgroup/cpu.max')


def share_cores(jobs: int) -> dict[str, str]:
    """Return the environment of one of several runs at a time, each of which then counts on its share of the cores."""
    return {JOBS: str(jobs * int(os.environ.get(JOBS, 1)))}


def _cores_per_process() -> int:
    cores = len(os.sched_getaffinity(0))
    if 'LOCAL_WORLD_SIZE' in os.environ:  # torchrun: the processes of a machine share its cores
        sharing = int(os.environ['LOCAL_WORLD_SIZE'])
    else:
        cores, sharing = int(os.environ.get('SLURM_CPUS_PER_TASK', cores)), 1  # srun: each process has its own
    return max(1, int(min(cores, _quota()) / (sharing * int(os.environ.get(JOBS, 1)))))


def _quota() -> float:
    """Return how many cores' time a container may use; infinite without a limit."""
    try:
        quota, period = CPU_MAX.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # no such file, or no limit ('max')
        return float('inf')


def resolve_loaders(cfg: Config | dict) -> None:
    """Settle the worker options of every data loader in `cfg`, in place.

    `num_workers='auto'` becomes the processor cores per process, 1 to 10; the limit of a container counts, and
    so do other folds that run at the same time. A loader without workers loses `persistent_workers` and
    `prefetch_factor`, which PyTorch refuses there. Memory is pinned only where there is a GPU.
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
