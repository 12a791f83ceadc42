"""DiER unit: dual intra- and inter-modal enhancement and refinement (paper section 3.4).

Shapes: B batch, N tokens of one modality, M tokens of the other, C channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.registry import MODELS

from ..layers import LAYER_NORM_EPS, CrossBlock, ViTBlock, joining_is_free, step_weights


class DiERStream(nn.Module):
    """One modality's half of a unit: gated sum of a branch that attends to itself and one that attends to the other.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path: Probability that a branch is dropped for a clip in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.self_block = ViTBlock(embed_dims, num_heads, mlp_ratio, drop_path)
        self.cross_block = CrossBlock(embed_dims, num_heads, mlp_ratio, drop_path)
        self.self_gate = nn.Linear(2 * embed_dims, embed_dims)
        self.cross_gate = nn.Linear(2 * embed_dims, embed_dims)
        # this norm is in the released models but not in the paper
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """Map own tokens (B, N, C) and the other modality's (B, M, C) to (B, N, C)."""
        intra, inter = self.self_block(x), self.cross_block(x, other)
        both = torch.cat((intra, inter), dim=-1)  # (B, N, 2C)
        gates = self.self_gate, self.cross_gate
        if joining_is_free(self.self_gate.weight):
            groups = [gate.weight for gate in gates], [gate.bias for gate in gates]
            *product, both = step_weights(*groups, tokens=(both,))
            of_self, of_cross = F.linear(both, *product).sigmoid().chunk(2, dim=-1)
        else:
            of_self, of_cross = (gate(both).sigmoid() for gate in gates)
        return self.norm(of_self * intra + of_cross * inter)


@MODELS.register_module()
class DiERUnit(nn.Module):
    """Update both modalities at once, each from itself and from the other's tokens before the unit.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path: Probability that a branch is dropped for a clip in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        self.video = DiERStream(embed_dims, num_heads, mlp_ratio, drop_path)
        self.audio = DiERStream(embed_dims, num_heads, mlp_ratio, drop_path)

    def forward(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Map video (B, N, C) and audio (B, M, C) to tokens of the same shapes."""
        return self.video(video, audio), self.audio(audio, video)
