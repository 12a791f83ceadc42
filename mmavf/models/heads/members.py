"""Layers of heads side by side, for the members of an ensemble.

Shapes: B clips, D channels of all members, M members, K outputs. Channel d of member m is channel d * M + m.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import LAYER_NORM_EPS


class MemberNorm(nn.Module):
    """LayerNorm over the channels of each member.

    Args:
        num_channels: Channels D of all members.
        num_members: Members M.
    """

    def __init__(self, num_channels: int, num_members: int) -> None:
        super().__init__()
        self.num_members = num_members
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, D)."""
        own = x.unflatten(-1, (-1, self.num_members)).mT  # (B, D) -> (B, D / M, M) -> (B, M, D / M)
        normed = F.layer_norm(own, own.shape[-1:], eps=LAYER_NORM_EPS).mT.flatten(-2)
        return normed * self.weight + self.bias


class MemberLinear(nn.Module):
    """A linear layer for each member, initialised as `torch.nn.Linear`.

    Args:
        num_channels: Channels D of all members.
        out_features: Outputs K of each.
        num_members: Members M.
    """

    def __init__(self, num_channels: int, out_features: int, num_members: int) -> None:
        super().__init__()
        size = num_channels // num_members
        self.out_features = out_features
        self.weight = nn.Parameter(torch.empty(out_features, size, num_members).uniform_(-(size**-0.5), size**-0.5))
        self.bias = nn.Parameter(torch.empty(out_features, num_members).uniform_(-(size**-0.5), size**-0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, D) to (B, K, M)."""
        own = x.unflatten(-1, (-1, self.weight.shape[2]))  # (B, D) -> (B, D / M, M)
        return torch.einsum('bdm,kdm->bkm', own, self.weight) + self.bias
