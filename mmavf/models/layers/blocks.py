"""Pre-norm residual pieces and the two plain transformer blocks made of them.

Shapes: B batch, N tokens, M context tokens, C channels.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from .attention import CrossAttention, SelfAttention
from .drop_path import DropPath
from .step_weights import step_weights

LAYER_NORM_EPS = 1e-6


class ResidualAttention(nn.Module):
    """x + attention(LN(x), LN(context)).

    Args:
        embed_dims: Channels C.
        attn: The attention module.
        with_context: Whether `forward` gets a context, which has a norm of its own.
        drop_path: Probability that the branch is dropped for a row of the batch (B) in training.
    """

    def __init__(self, embed_dims: int, attn: nn.Module, with_context: bool = False, drop_path: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        if with_context:
            self.norm_context = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.attn = attn
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Map (B, N, C), and a context (B, M, C) where there is one, to (B, N, C)."""
        if context is None:
            return x + self.drop_path(self.attn(self.norm(x)))
        return x + self.drop_path(self.attn(self.norm(x), self.norm_context(context)))


class ResidualFFN(nn.Module):
    """x + FFN(LN(x)), with one hidden layer and exact GELU.

    Args:
        embed_dims: Channels C.
        mlp_ratio: Hidden width over C; the product is cut to an integer.
        drop_path: Probability that the branch is dropped for a row of the batch (B) in training.
    """

    def __init__(self, embed_dims: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        hidden = int(embed_dims * mlp_ratio)
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.fc1 = nn.Linear(embed_dims, hidden)
        self.fc2 = nn.Linear(hidden, embed_dims)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, ..., C) to (B, ..., C)."""
        groups = [self.fc1.weight], [self.fc1.bias], [self.fc2.weight], [self.fc2.bias]
        weight1, bias1, weight2, bias2, normed = step_weights(*groups, tokens=(self.norm(x),))
        hidden = F.gelu(F.linear(normed, weight1, bias1))
        return x + self.drop_path(F.linear(hidden, weight2, bias2))


class ViTBlock(nn.Module):
    """Self-attention and FFN: the plain vision-transformer block.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path: Probability that a branch is dropped for a row of the batch (B) in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        self.self_attn = ResidualAttention(embed_dims, SelfAttention(embed_dims, num_heads), drop_path=drop_path)
        self.ffn = ResidualFFN(embed_dims, mlp_ratio, drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, N, C) to (B, N, C)."""
        return self.ffn(self.self_attn(x))


class CrossBlock(nn.Module):
    """Cross-attention to a context, then FFN.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path: Probability that a branch is dropped for a row of the batch (B) in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        attn = CrossAttention(embed_dims, num_heads)
        self.cross_attn = ResidualAttention(embed_dims, attn, with_context=True, drop_path=drop_path)
        self.ffn = ResidualFFN(embed_dims, mlp_ratio, drop_path)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Map (B, N, C) and a context (B, M, C) to (B, N, C)."""
        return self.ffn(self.cross_attn(x, context))


class CrossSelfBlock(nn.Module):
    """Cross-attention to a context, then self-attention and FFN: HiCMAE's block for fusion and for skip features.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path: Probability that a branch is dropped for a row of the batch (B) in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        attn = CrossAttention(embed_dims, num_heads)
        self.cross_attn = ResidualAttention(embed_dims, attn, with_context=True, drop_path=drop_path)
        self.block = ViTBlock(embed_dims, num_heads, mlp_ratio, drop_path)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Map (B, N, C) and a context (B, M, C) to (B, N, C)."""
        return self.block(self.cross_attn(x, context))
