"""HAFE layer: hierarchical adaptive fusion of the units' outputs (paper section 3.4).

Shapes: B batch, N tokens of one modality, U units, F fused tokens, C channels.
"""

import torch
from torch import Tensor, nn

from mmavf.registry import MODELS

from ..layers import LAYER_NORM_EPS, CrossAttention, DropPath, ResidualFFN, ViTBlock


class UnitFusion(nn.Module):
    """Fuse the outputs of all units, token by token: attention over the unit axis, then a gated sum over it.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path: Probability that a branch is dropped for a token in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.block = ViTBlock(embed_dims, num_heads, mlp_ratio, drop_path)
        self.gate = nn.Linear(embed_dims, 1)

    def forward(self, outputs: list[Tensor]) -> Tensor:
        """Map U tensors (B, N, C) to one (B, N, C)."""
        x = torch.stack(outputs, dim=2)  # (B, N, U, C)
        x = self.block(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # over units: (B * N, U, C)
        return (self.gate(x).sigmoid() * x).sum(dim=2)


@MODELS.register_module()
class HAFELayer(nn.Module):
    """Fuse the units' outputs of each modality, then let both attend to the fused audio-visual tokens.

    The cross-attention to the fused tokens and the norm of its context are shared by both modalities; the norms of the
    queries are not.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path: Probability that a branch is dropped in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        self.video_units = UnitFusion(embed_dims, num_heads, mlp_ratio, drop_path)
        self.audio_units = UnitFusion(embed_dims, num_heads, mlp_ratio, drop_path)
        self.norm_context = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.cross_attn = CrossAttention(embed_dims, num_heads)
        self.drop_path = DropPath(drop_path)
        self.video_norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.audio_norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.video_ffn = ResidualFFN(embed_dims, mlp_ratio, drop_path)
        self.audio_ffn = ResidualFFN(embed_dims, mlp_ratio, drop_path)

    def forward(self, video: list[Tensor], audio: list[Tensor], fused: Tensor) -> tuple[Tensor, Tensor]:
        """Map the units' video (B, N, C) and audio (B, M, C) outputs and fused tokens (B, F, C) to one pair."""
        context = self.norm_context(fused)
        video, audio = self.video_units(video), self.audio_units(audio)
        video = video + self.drop_path(self.cross_attn(self.video_norm(video), context))
        audio = audio + self.drop_path(self.cross_attn(self.audio_norm(audio), context))
        return self.video_ffn(video), self.audio_ffn(audio)
