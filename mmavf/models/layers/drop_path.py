"""Stochastic depth whose rate is not a constant of compiled graphs."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from mmavf.errors import ConfigError


class DropPath(StochasticDepth):
    """Drop a residual branch for a row of the batch in training; what is kept is divided by the share that is kept.

    It is torchvision's StochasticDepth of rows, whose rate is a Python number and so a constant of a compiled graph:
    each layer then needs its own graph. `share_graphs` makes the rate a tensor, which is an input of the graph.

    Args:
        rate: Probability that a row is dropped; 0 or more, and less than 1.

    Raises:
        ConfigError: The rate is out of range.
    """

    def __init__(self, rate: float) -> None:
        if not 0 <= rate < 1:
            raise ConfigError(f'a drop-path rate must be 0 or more and less than 1, not {rate}')
        super().__init__(rate, mode='row')
        # float32 scalar once graphs are shared. Not a buffer: it would be broadcast and averaged
        self.kept: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Map a branch (B, ...) to (B, ...)."""
        if not self.training:  # asked first: a graph for evaluation holds no rate either
            return x
        if self.kept is None:
            return super().forward(x)
        rows = torch.rand((len(x),) + (1,) * (x.dim() - 1), device=x.device) < self.kept
        return x * (rows / self.kept).to(x.dtype)


def share_graphs(blocks: Iterable[nn.Module], device: torch.device) -> None:
    """Make blocks of one class, once compiled, share a graph whatever their rates; without rates nothing changes.

    A rate of 0 is then treated like any other and drops nothing. Random numbers are drawn differently, so call it only
    for blocks that are compiled, whose random numbers come from the compiler anyway.

    Args:
        blocks: The blocks.
        device: Where they run.
    """
    paths = [path for block in blocks for path in block.modules() if isinstance(path, DropPath)]
    if any(path.p > 0 for path in paths):
        for path in paths:
            path.kept = torch.tensor(1.0 - path.p, device=device)
