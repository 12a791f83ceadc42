"""What every test gets: one thread per process and fixed seeds."""

import os
import random

# Before torch is imported, and inherited by the processes that tests start.
os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def fixed_seeds():
    """Start each test from the same random state, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
