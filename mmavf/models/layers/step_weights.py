"""Weights as a step computes with them: in autocast's precision, and those of one product in one tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def step_weights(*groups: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return each group of parameters joined along the first axis, under autocast in its precision.

    Then all of them are cast by one operation, and their gradients by one in the backward pass, where autocast needs
    two for every parameter, and joining takes none of its own. Values and gradients are those of autocast.

    Args:
        *groups: Tensors of one device and one precision; those of a group differ in their first size only.
    """
    first = groups[0][0]
    dtype = _autocast_dtype(first)
    # a compiler merges casts by itself; that of PyTorch 2.11 gives _CastGroups no gradients
    if dtype == first.dtype or torch.compiler.is_compiling():
        return tuple((group[0] if len(group) == 1 else torch.cat(list(group))).to(dtype) for group in groups)
    parts = (part for group in groups for part in group)
    return _CastGroups.apply(dtype, tuple(len(group) for group in groups), *parts)


def joining_is_free(weight: Tensor) -> bool:
    """Return whether `step_weights` joins a parameter with others by copies that it makes anyway, to cast them."""
    return _autocast_dtype(weight) != weight.dtype


def _autocast_dtype(weight: Tensor) -> torch.dtype:
    """Return the precision of products with a weight: its own without autocast, which the meta device does not know."""
    device = weight.device.type
    if device != 'meta' and torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return weight.dtype


class _CastGroups(torch.autograd.Function):
    """Join groups of tensors in another precision."""

    @staticmethod
    def forward(ctx: Any, dtype: torch.dtype, counts: tuple[int, ...], *parts: Tensor) -> tuple[Tensor, ...]:
        """Copy the parts, counted by group, to one new tensor a group."""
        ctx.counts = counts
        ctx.shapes = [part.shape for part in parts]
        ctx.dtype = parts[0].dtype
        results: list[Tensor] = []
        targets: list[Tensor] = []
        for group in _by_group(parts, counts):
            rows = [part.shape[0] for part in group]
            result = group[0].new_empty((sum(rows), *group[0].shape[1:]), dtype=dtype)
            results.append(result)
            targets.extend(result.split(rows) if len(rows) > 1 else [result])
        torch._foreach_copy_(targets, parts)
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Copy the gradients back to the precision of the parts."""
        sources: list[Tensor] = []
        for gradient, shapes in zip(gradients, _by_group(ctx.shapes, ctx.counts), strict=True):
            rows = [shape[0] for shape in shapes]
            sources.extend(gradient.split(rows) if len(rows) > 1 else [gradient])
        wanted = ctx.needs_input_grad[2:]
        copies = [
            source.new_empty(shape, dtype=ctx.dtype) if want else None
            for source, shape, want in zip(sources, ctx.shapes, wanted, strict=True)
        ]
        torch._foreach_copy_(
            [copy for copy in copies if copy is not None],
            [source for source, want in zip(sources, wanted, strict=True) if want],
        )
        return (None, None, *copies)


def _by_group(items: Sequence[Any], counts: Sequence[int]) -> list[Sequence[Any]]:
    """Split items into groups of these counts."""
    groups, first = [], 0
    for count in counts:
        groups.append(items[first : first + count])
        first += count
    return groups
