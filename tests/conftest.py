"""What every test gets: one thread per process, fixed seeds and a time limit (that of `pytest.ini`, more if slow)."""

import gc
import os
import random
import signal

# Before torch is imported, and inherited by the processes that tests start.
os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

# A shell lets a job that it starts in the background ignore Ctrl-C, and what that job starts too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import pytest
import torch
from torch import distributed as dist


@pytest.fixture(autouse=True)
def fixed_seeds():
    """Start each test from the same random state, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def process_group(tmp_path):
    """A group of this process alone, on gloo."""
    dist.init_process_group('gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def pytest_collection_finish():
    """Make each collection of garbage, of which MMEngine has one per data set, pass over all that is imported."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Give slow tests half an hour each."""
    for item in items:
        if item.get_closest_marker('slow'):
            item.add_marker(pytest.mark.timeout(1800))
