"""Weights and tokens as a step computes with them: in autocast's precision, weights of one product in one tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def step_weights(*groups: Sequence[Tensor], tokens: Sequence[Tensor] = ()) -> tuple[Tensor, ...]:
    """Return each group of parameters joined along the first axis, then the tokens, under autocast in its precision.

    Then all of them are cast by one operation, and their gradients by one in the backward pass, where autocast needs
    two for every tensor, and joining takes none of its own. Values and gradients are those of autocast.

    Args:
        *groups: Parameters of one device and one precision; those of a group differ in their first size only.
        tokens: What is multiplied with the parameters; floating point, of the same device.
    """
    groups += tuple([x] for x in tokens)
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
        ctx.set_materialize_grads(False)
        groups = _by_group(parts, counts)
        ctx.rows = [[part.shape[0] for part in group] for group in groups]
        ctx.dtypes = [group[0].dtype for group in groups]
        results: list[Tensor] = []
        targets: list[Tensor] = []
        for group, rows in zip(groups, ctx.rows, strict=True):
            result = group[0].new_empty((sum(rows), *group[0].shape[1:]), dtype=dtype)
            results.append(result)
            targets.extend(_split(result, rows))
        torch._foreach_copy_(targets, parts)
        wanted = _by_group(ctx.needs_input_grad[2:], counts)
        ctx.mark_non_differentiable(*(r for r, want in zip(results, wanted, strict=True) if not any(want)))
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """Copy the gradients back to the precision of the parts, a group's at once."""
        copies = [
            None if gradient is None else gradient.new_empty(gradient.shape, dtype=dtype)
            for gradient, dtype in zip(gradients, ctx.dtypes, strict=True)
        ]
        torch._foreach_copy_(
            [copy for copy in copies if copy is not None],
            [gradient for gradient in gradients if gradient is not None],
        )
        parts: list[Tensor | None] = []
        for copy, rows in zip(copies, ctx.rows, strict=True):
            parts.extend([None] * len(rows) if copy is None else _split(copy, rows))
        return None, None, *(p if want else None for p, want in zip(parts, ctx.needs_input_grad[2:], strict=True))


def _split(joined: Tensor, rows: Sequence[int]) -> Sequence[Tensor]:
    """Return views of so many rows each; of a single part the tensor itself."""
    return joined.split(rows) if len(rows) > 1 else [joined]


def _by_group(items: Sequence[Any], counts: Sequence[int]) -> list[Sequence[Any]]:
    """Split items into groups of these counts."""
    groups, first = [], 0
    for count in counts:
        groups.append(items[first : first + count])
        first += count
    return groups
