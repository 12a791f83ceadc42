"""Multi-head attention on PyTorch's fused kernel.

Shapes: B batch, N queries, M context tokens, C channels, H heads.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.errors import ConfigError


def _attend(q: Tensor, k: Tensor, v: Tensor, num_heads: int) -> Tensor:
    """Attend with (B, N, C) queries to (B, M, C) keys and values; returns (B, N, C)."""
    # (B, N, C) -> (B, H, N, C / H)
    q, k, v = (t.unflatten(-1, (num_heads, -1)).transpose(1, 2) for t in (q, k, v))
    if q.device.type == 'cpu' and q.dtype == torch.bfloat16:
        # the fused CPU kernel's backward pass in bfloat16 takes up to ten times as long as plain products; softmax
        # computes in float32 inside and rounds its result, as the fused kernel does
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        out = torch.softmax(scores, dim=-1).to(v.dtype) @ v
    else:
        out = F.scaled_dot_product_attention(q, k, v)
    return out.transpose(1, 2).flatten(2)  # (B, H, N, C / H) -> (B, N, C)


class _Attention(nn.Module):
    """Base of both kinds of attention: heads, biases of queries and values, output projection."""

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__()
        if embed_dims % num_heads:
            raise ConfigError(f'embed_dims {embed_dims} cannot be split over {num_heads} attention heads')
        self.num_heads = num_heads
        self.q_bias = nn.Parameter(torch.zeros(embed_dims))
        self.v_bias = nn.Parameter(torch.zeros(embed_dims))
        self.proj = nn.Linear(embed_dims, embed_dims)


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
        bias = torch.cat((self.q_bias, torch.zeros_like(self.q_bias), self.v_bias))
        q, k, v = F.linear(x, self.qkv.weight, bias).chunk(3, dim=-1)
        return self.proj(_attend(q, k, v, self.num_heads))


class CrossAttention(_Attention):
    """Attention with separate projections for queries and context; same bias rule as `SelfAttention`.

    Without `context` it is self-attention, as in the first two stages of the LGI block.

    Args:
        embed_dims: Channels C.
        num_heads: Heads H; divides C.

    Raises:
        ConfigError: H does not divide C.
    """

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__(embed_dims, num_heads)
        self.q = nn.Linear(embed_dims, embed_dims, bias=False)
        self.kv = nn.Linear(embed_dims, 2 * embed_dims, bias=False)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Map queries (B, N, C) and context (B, M, C) to (B, N, C)."""
        context = x if context is None else context
        q = F.linear(x, self.q.weight, self.q_bias)
        kv_bias = torch.cat((torch.zeros_like(self.v_bias), self.v_bias))
        k, v = F.linear(context, self.kv.weight, kv_bias).chunk(2, dim=-1)
        return self.proj(_attend(q, k, v, self.num_heads))
