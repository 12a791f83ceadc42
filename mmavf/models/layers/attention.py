"""Multi-head attention on PyTorch's fused kernel.

Shapes: B batch, N queries, M context tokens, C channels, H heads.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.errors import ConfigError

from .clip_attention import attend_by_clip
from .step_weights import joining_is_free, step_weights


def is_slow_fused(q: Tensor) -> bool:
    """Whether products of one's own are faster than the fused kernel, here for queries q.

    On a CPU in bfloat16 its backward pass takes up to ten times as long as theirs; its forward pass does not.
    """
    return q.device.type == 'cpu' and q.dtype == torch.bfloat16 and q.requires_grad


def _heads(x: Tensor, num_heads: int) -> Tensor:
    """View (B, N, C) as (B, H, N, C / H)."""
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def _split_heads(x: Tensor, count: int, num_heads: int) -> list[Tensor]:
    """View (B, N, count * C), such as keys and values in one tensor, as `count` tensors (B, H, N, C / H)."""
    # one view for all: their gradients are then joined as they are, without a view of each
    parts = x.unflatten(-1, (count, num_heads, -1)).unbind(2)
    return [part.transpose(1, 2) for part in parts]


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attend with queries (B, H, N, C / H) to keys and values (B, H, M, C / H); returns (B, N, C)."""
    out = attend_by_clip(q, k, v) if is_slow_fused(q) else F.scaled_dot_product_attention(q, k, v)
    return out.transpose(1, 2).flatten(2)  # (B, H, N, C / H) -> (B, N, C)


class _Attention(nn.Module):
    """Base of both kinds of attention: heads, biases of queries and values, output projection."""

    k_bias: Tensor

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__()
        if embed_dims % num_heads:
            raise ConfigError(f'embed_dims {embed_dims} cannot be split over {num_heads} attention heads')
        self.num_heads = num_heads
        self.q_bias = nn.Parameter(torch.zeros(embed_dims))
        self.v_bias = nn.Parameter(torch.zeros(embed_dims))
        self.proj = nn.Linear(embed_dims, embed_dims)
        self.register_buffer('k_bias', torch.zeros(embed_dims), persistent=False)  # keys have none


class SelfAttention(_Attention):
    """Self-attention with one packed projection; queries and values have a learned bias, keys have none.

    A bias on the keys shifts all scores of a query alike and cannot change the softmax.

    Args:
        embed_dims: Channels C.
        num_heads: Heads H; divides C.

    Raises:
        ConfigError: H does not divide C.
    """

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__(embed_dims, num_heads)
        self.qkv = nn.Linear(embed_dims, 3 * embed_dims, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, N, C) to (B, N, C)."""
        return _attend_to_itself(
            x, [self.qkv.weight], [self.q_bias, self.k_bias, self.v_bias], self.proj, self.num_heads
        )


class CrossAttention(_Attention):
    """Attention with separate projections for queries and context; same bias rule as `SelfAttention`.

    Without `context` it is self-attention, as in the first two stages of the LGI block.

    Args:
        embed_dims: Channels C.
        num_heads: Heads H; divides C.

    Attributes:
        joined: Weights of both projections in one tensor, (3C, C), after `join_products`; before, None.

    Raises:
        ConfigError: H does not divide C.
    """

    joined: Tensor | None

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__(embed_dims, num_heads)
        self.q = nn.Linear(embed_dims, embed_dims, bias=False)
        self.kv = nn.Linear(embed_dims, 2 * embed_dims, bias=False)
        self.register_buffer('joined', None, persistent=False)

    def join_products(self) -> None:
        """Keep the weights of both projections in one tensor, for one product where tokens attend to themselves.

        For a model that is not trained any more: the product has no gradient.
        """
        self.joined = torch.cat([self.q.weight.detach(), self.kv.weight.detach()])
        self.q.weight.data, self.kv.weight.data = self.joined.split([len(self.q.weight), len(self.kv.weight)])

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Map queries (B, N, C) and context (B, M, C) to (B, N, C)."""
        biases = [self.q_bias, self.k_bias, self.v_bias]
        if context is None and self.joined is not None:
            return _attend_to_itself(x, [self.joined], biases, self.proj, self.num_heads)
        if context is None and joining_is_free(self.q.weight):
            return _attend_to_itself(x, [self.q.weight, self.kv.weight], biases, self.proj, self.num_heads)
        context = x if context is None else context
        groups = [self.q.weight], [self.q_bias], [self.kv.weight], biases[1:], [self.proj.weight], [self.proj.bias]
        q_weight, q_bias, kv_weight, kv_bias, *proj, x, context = step_weights(*groups, tokens=(x, context))
        q = _heads(F.linear(x, q_weight, q_bias), self.num_heads)
        k, v = _split_heads(F.linear(context, kv_weight, kv_bias), 2, self.num_heads)
        return F.linear(_attend(q, k, v), *proj)


def _attend_to_itself(
    x: Tensor, weights: list[Tensor], biases: list[Tensor], proj: nn.Linear, num_heads: int
) -> Tensor:
    """Attend with (B, N, C) tokens to themselves, by one product for queries, keys and values."""
    groups = weights, biases, [proj.weight], [proj.bias]
    weight, bias, *out, x = step_weights(*groups, tokens=(x,))
    q, k, v = _split_heads(F.linear(x, weight, bias), 3, num_heads)
    return F.linear(_attend(q, k, v), *out)
