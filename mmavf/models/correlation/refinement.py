"""Evolutionary refinement of the fused audio-visual tokens (paper section 3.4).

Shapes: B batch, N tokens of one modality, F fused tokens (1 in pre-training, K in later stages), C channels.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS


def _convolve(embed_dims: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(embed_dims, embed_dims, kernel_size=1), nn.BatchNorm1d(embed_dims), nn.PReLU())


@MODELS.register_module()
class EvolutionaryRefinement(nn.Module):
    """Let the fused tokens gather information from both modalities; one module serves all units.

    The units share its weights and, as released, its two BatchNorms: training normalises the pass of each unit by its
    own batch statistics, evaluation by running statistics that mix the passes. If passes differ more than clips within
    a pass, as in small models, that mixture spoils evaluation; `own_norms` avoids it.

    Args:
        embed_dims: Channels C.
        num_units: Units after which the module runs.
        own_norms: Whether each unit has its own BatchNorms.

    Raises:
        ConfigError: In training, a batch with a single fused token, which has no variance to normalise by.
    """

    def __init__(self, embed_dims: int, num_units: int = 1, own_norms: bool = False) -> None:
        super().__init__()
        self.reduce = nn.Linear(2 * embed_dims, embed_dims)
        self.video_conv = _convolve(embed_dims)
        self.audio_conv = _convolve(embed_dims)
        self.norm = nn.LayerNorm(embed_dims)  # eps 1e-5, unlike all others, as released
        if own_norms:  # the first unit keeps the released names
            later = range(num_units - 1)
            self.later_video_norms = nn.ModuleList(nn.BatchNorm1d(embed_dims) for _ in later)
            self.later_audio_norms = nn.ModuleList(nn.BatchNorm1d(embed_dims) for _ in later)
        self.own_norms = own_norms

    def forward(self, fused: Tensor, video: Tensor, audio: Tensor, unit: int = 0) -> Tensor:
        """Refine fused tokens (B, F, C) by video (B, N, C) and audio (B, M, C) tokens after a unit: (B, F, C)."""
        video_norm, audio_norm = self.video_conv[1], self.audio_conv[1]
        if self.own_norms and unit:
            video_norm, audio_norm = self.later_video_norms[unit - 1], self.later_audio_norms[unit - 1]
        by_video = self._gather(fused, video, self.video_conv, video_norm)
        return self.norm(fused + by_video + self._gather(fused, audio, self.audio_conv, audio_norm))

    @staticmethod
    def _gather(fused: Tensor, tokens: Tensor, conv: nn.Sequential, batch_norm: nn.Module) -> Tensor:
        """softmax(fused tokensᵀ / √C) tokens, without projections and with one head, then the convolution."""
        gathered = F.scaled_dot_product_attention(fused, tokens.to(fused.dtype), tokens.to(fused.dtype))
        if batch_norm.training and gathered[..., 0].numel() == 1:
            raise ConfigError(
                'the correlation module normalises over the clips of a batch and cannot train on one clip alone: set '
                'train_dataloader.batch_size (of each process) to 2 or more'
            )
        point: Any
        point, _, activation = conv
        # the convolution as a product: the gradient of Conv1d has another layout than its weight, and DDP copies it
        mapped = F.linear(gathered, point.weight.flatten(1), point.bias)
        return activation(batch_norm(mapped.transpose(1, 2))).transpose(1, 2)  # (B, F, C) -> (B, C, F) -> (B, F, C)
