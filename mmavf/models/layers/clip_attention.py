"""Attention worked off clip by clip, so that the scores of a clip stay in a processor's cache.

Shapes: B clips, H heads, N queries, M keys, D channels of a head.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def attend_by_clip(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attend with queries (B, H, N, D) to keys and values (B, H, M, D), each of any strides.

    It is softmax(q kᵀ / √D) v. The softmax is computed in float32 and rounded to the precision of the inputs, as the
    fused kernels do.

    Returns:
        (B, H, N, D); transposed to (B, N, H, D) it is contiguous.
    """
    if torch.compiler.is_compiling():  # PyTorch 2.11 gives a compiled function no gradient that fills its result
        return torch.softmax(q * q.shape[-1] ** -0.5 @ k.mT, dim=-1) @ v
    return _AttendByClip.apply(q, k, v)


class _AttendByClip(torch.autograd.Function):
    """See `attend_by_clip`."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Keep the weights of the softmax for the backward pass."""
        ctx.scale = q.shape[-1] ** -0.5
        out, weights = _heads_last(q), q.new_empty(*q.shape[:3], k.shape[2])
        for clip, own in enumerate(weights):
            scores = torch.baddbmm(own, q[clip], k[clip].mT, beta=0, alpha=ctx.scale)  # `beta=0`: `own` is not read
            torch.softmax(scores, dim=-1, out=own)
            torch.bmm(own, v[clip], out=out[clip])
        ctx.save_for_backward(q, k, v, weights)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of queries, keys and values."""
        q, k, v, weights = ctx.saved_tensors
        of_q, of_k, of_v = _heads_last(q), _heads_last(k), _heads_last(v)
        for clip, own in enumerate(weights):
            torch.bmm(own.mT, gradient[clip], out=of_v[clip])
            of_weights = torch.bmm(gradient[clip], v[clip].mT)
            of_scores = torch._softmax_backward_data(of_weights, own, -1, own.dtype)
            torch.baddbmm(of_q[clip], of_scores, k[clip], beta=0, alpha=ctx.scale, out=of_q[clip])
            torch.baddbmm(of_k[clip], of_scores.mT, q[clip], beta=0, alpha=ctx.scale, out=of_k[clip])
        return of_q, of_k, of_v


def _heads_last(x: Tensor) -> Tensor:
    """Return a new tensor (B, H, N, D) that lies in memory as (B, N, H, D), as the products around it take it."""
    batch, heads, tokens, channels = x.shape
    return x.new_empty(batch, tokens, heads, channels).transpose(1, 2)
