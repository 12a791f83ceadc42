"""What `record_on_gpu` does, on a CPU."""

from collections.abc import Callable

from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_leaves


def record_on_cpu(run: Callable) -> Callable:
    """Trace what a function does; return a function that repeats it.

    As with a CUDA graph, what Python computes is frozen, tensors from outside are found by their place in memory, and
    results are where they were the time before.
    """
    program = make_fx(lambda: run())()
    results = program()

    def repeat():
        for place, value in zip(tree_leaves(results), tree_leaves(program()), strict=True):
            if isinstance(place, Tensor):
                place.copy_(value)
        return results

    return repeat
