"""State of the random generators of one process, in types that weights-only loading accepts."""

import random

import numpy as np
import torch


def get_rng_state() -> dict:
    """Return the states of `random`, numpy's global generator, torch's CPU and, where used, current CUDA generator."""
    name, keys, pos, has_gauss, cached = np.random.get_state()
    state = dict(
        python=random.getstate(),
        numpy=(name, torch.from_numpy(keys.astype(np.int64)), pos, has_gauss, cached),
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_available():
        state['cuda'] = torch.cuda.get_rng_state()
    return state


def set_rng_state(state: dict) -> None:
    """Set what `get_rng_state` returned. A CUDA state is left out on a machine without CUDA."""
    version, words, gauss = state['python']
    random.setstate((version, tuple(words), gauss))
    name, keys, pos, has_gauss, cached = state['numpy']
    np.random.set_state((name, keys.numpy().astype(np.uint32), pos, has_gauss, cached))
    torch.set_rng_state(state['torch'].cpu())
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())
