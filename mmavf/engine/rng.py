"""State of the random generators of one process, in types that weights-only loading accepts."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def get_rng_state() -> dict:
    """Return the states of `random`, numpy's global generator, torch's CPU and, where used, current CUDA generator."""
    numpy_state: Any = np.random.get_state()
    name, keys, pos, has_gauss, cached = numpy_state
    state = dict(
        python=random.getstate(),
        numpy=(name, torch.from_numpy(keys.astype(np.int64)), pos, has_gauss, cached),
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_available():
        state['cuda'] = torch.cuda.get_rng_state()
    return state


def drew_on_host(before: dict, after: dict, on_gpu: bool) -> bool:
    """Return whether random numbers were drawn on the host between two states of `get_rng_state`.

    For a model that is not on a GPU, torch's CPU generator is the one of its device and does not count.
    """
    (_, keys, *place), (_, later_keys, *later_place) = before['numpy'], after['numpy']
    drew = before['python'] != after['python'] or place != later_place or not torch.equal(keys, later_keys)
    return drew or (on_gpu and not torch.equal(before['torch'], after['torch']))


def set_rng_state(state: dict) -> None:
    """Set what `get_rng_state` returned. A CUDA state is left out on a machine without CUDA."""
    _set_states(state, random.setstate, np.random.set_state, torch.set_rng_state)
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


def check_rng_state(state: dict) -> None:
    """Make sure that a state can be set, by setting it in generators that nothing uses.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, RuntimeError or OverflowError: It cannot.
    """
    _set_states(state, random.Random().setstate, np.random.RandomState().set_state, torch.Generator().set_state)
    if not isinstance(state.get('cuda', state['torch']), torch.Tensor):
        raise TypeError(f'the state of CUDA is a {type(state["cuda"]).__name__}')


def _set_states(state: dict, set_python: Callable, set_numpy: Callable, set_torch: Callable) -> None:
    version, words, gauss = state['python']
    set_python((version, tuple(words), gauss))
    name, keys, pos, has_gauss, cached = state['numpy']
    set_numpy((name, keys.numpy().astype(np.uint32), pos, has_gauss, cached))
    set_torch(state['torch'].cpu())
