"""Seeding of single samples."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed `random`, numpy and torch's CPU generator, and restore their state afterwards.

    Transforms draw from these global generators. A sample thus depends on its seed only, and with `num_workers=0` the
    generators of the training process are left as they were. Generators of other devices are not touched.

    Args:
        seed: In [0, 2**32).
    """
    states = random.getstate(), np.random.get_state(), torch.default_generator.get_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.default_generator.set_state(states[2])
