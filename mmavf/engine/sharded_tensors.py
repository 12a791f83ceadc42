"""Tensors of which each process holds a share (DTensor), and the same tensors whole."""

from typing import Any

from mmengine.dist import is_main_process
from mmengine.utils import apply_to
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor


def replicated(value: Tensor) -> Tensor:
    """Return a tensor with its value over all processes; one that is not sharded as it is."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def gathered(state: Any) -> Any:
    """Return a state dict with its sharded tensors whole: on the main process's CPU, elsewhere without values.

    Call it on all ranks. One tensor at a time is whole on a device. What is not sharded stays as it is.
    """
    return apply_to(state, lambda value: isinstance(value, DTensor), _gather)


def _gather(value: DTensor) -> Tensor:
    return value.full_tensor().to('cpu' if is_main_process() else 'meta')


def sharded_like(value: Any, like: Tensor) -> Any:
    """Return this process's share of the main one's `value` if `like` is sharded and has its shape, else the value."""
    if not isinstance(like, DTensor) or not isinstance(value, Tensor) or value.shape != like.shape:
        return value
    return distribute_tensor(value, like.device_mesh, like.placements)
