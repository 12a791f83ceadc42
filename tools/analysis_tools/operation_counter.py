"""The operations that a training step dispatches, counted on tensors without values."""

import argparse
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from mmavf.engine.config_file import load_config
from mmavf.models.complexity import input_sizes
from mmavf.models.layers import attention
from mmavf.registry import MODELS

ALLOCATIONS = {'empty', 'empty_like', 'empty_strided', 'new_empty', 'new_empty_strided'}
# views by what they do, but not by their schema: it says of these that they return what they are given
VIEWS = {'_unsafe_view', 'detach', '_reshape_alias'}


class OperationCounter(TorchDispatchMode):
    """Count dispatched operations by name.

    Attributes:
        counts: How often each was dispatched.
        kernels: The same, without views and allocations.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.kernels: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Count an operation and run it."""
        name = function.overloadpacket.__name__
        if function.namespace != 'prim':  # a question about a tensor, such as its device
            self.counts[name] += 1
            if not (function.is_view or name in ALLOCATIONS | VIEWS):
                self.kernels[name] += 1
        return function(*args, **(kwargs or {}))


def count_step(config: Config, batch_size: int = 2) -> OperationCounter:
    """Return the operations of a training step of a pre-training config."""
    init_default_scope('mmavf')
    with torch.device('meta'):
        model = MODELS.build(config.model).to('meta').train()
    with FakeTensorMode(allow_non_fake_inputs=True), mock.patch.object(attention, 'is_slow_fused', lambda q: False):
        model.to_empty(device='cpu')
        inputs = {name: torch.zeros(batch_size, *size) for name, size in input_sizes(model).items()}
        with OperationCounter() as counter:
            _step(lambda: model(inputs, mode='loss'))
    return counter


def _step(forward: Callable[[], dict[str, torch.Tensor]]) -> None:
    with torch.autocast('cpu', torch.bfloat16):
        losses = forward()
    sum(losses.values()).backward()


def run(args: argparse.Namespace) -> None:
    """Print the counts."""
    counter = count_step(load_config(args.config, args.cfg_options))
    print(f'dispatched operations          {counter.counts.total():>8,}')
    print(f'without views and allocations  {counter.kernels.total():>8,}')
    for name, count in counter.kernels.most_common(args.by_name):
        print(f'  {name:<44}{count:>8,}')
