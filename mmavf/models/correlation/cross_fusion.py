"""HiCMAE's fusion of the modalities by cross-attention.

Shapes: B batch, N tokens of the video, M tokens of the audio, C channels.
"""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..encoders.base import XAVIER_INIT
from ..layers import LAYER_NORM_EPS, CrossSelfBlock


@MODELS.register_module()
class FusionPair(nn.Module):
    """A block for each modality, which attends to the other's tokens as they were before the pair.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path: Probability that a branch is dropped for a clip in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__()
        self.video = CrossSelfBlock(embed_dims, num_heads, mlp_ratio, drop_path)
        self.audio = CrossSelfBlock(embed_dims, num_heads, mlp_ratio, drop_path)

    def forward(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Map video (B, N, C) and audio (B, M, C) to tokens of the same shapes."""
        return self.video(video, audio), self.audio(audio, video)


@MODELS.register_module()
class CrossFusion(BaseModule):
    """Pairs of blocks one after the other, then a norm for each modality (HiCMAE; Information Fusion 2024).

    With `unit=dict(type='DiERUnit')` it is AVF-MAE++'s correlation without refinement and HAFE layer.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        num_units: Pairs of blocks.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path_rate: Stochastic depth of the last pair; it grows linearly from 0 at the first.
        unit: Configuration of a pair, to which the sizes are passed unless it sets them.
        init_cfg: Initialisation; the default is the released one.

    Raises:
        ConfigError: Less than one pair.
    """

    def __init__(
        self,
        embed_dims: int = 512,
        num_heads: int = 8,
        num_units: int = 2,
        mlp_ratio: float = 4.0,
        drop_path_rate: float = 0.0,
        unit: dict = dict(type='FusionPair'),
        init_cfg: dict | list | None = XAVIER_INIT,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_units < 1:
            raise ConfigError(f'CrossFusion: num_units must be 1 or more, not {num_units}; correlation=None has none')
        rates = torch.linspace(0, drop_path_rate, num_units, device='cpu').tolist()
        sizes = dict(embed_dims=embed_dims, num_heads=num_heads, mlp_ratio=mlp_ratio)
        self.units = nn.ModuleList(MODELS.build({**sizes, 'drop_path': rate, **unit}) for rate in rates)
        self.video_norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.audio_norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)

    def forward(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Map video (B, N, C) and audio (B, M, C) to fused tokens of the same shapes."""
        for unit in self.units:
            video, audio = unit(video, audio)
        return self.video_norm(video), self.audio_norm(audio)
