"""Evolutionary refinement of the fused audio-visual tokens (paper section 3.4).

Shapes: B batch, N tokens of one modality, F fused tokens (1 in pre-training, K in later stages), C channels.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.registry import MODELS


def _convolve(embed_dims: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(embed_dims, embed_dims, kernel_size=1), nn.BatchNorm1d(embed_dims), nn.PReLU())


@MODELS.register_module()
class EvolutionaryRefinement(nn.Module):
    """Let the fused tokens gather from both modalities; one module serves all units.

    Args:
        embed_dims: Channels C.
    """

    def __init__(self, embed_dims: int) -> None:
        super().__init__()
        self.reduce = nn.Linear(2 * embed_dims, embed_dims)
        self.video_conv = _convolve(embed_dims)
        self.audio_conv = _convolve(embed_dims)
        self.norm = nn.LayerNorm(embed_dims)  # eps 1e-5, unlike all others, as released

    def forward(self, fused: Tensor, video: Tensor, audio: Tensor) -> Tensor:
        """Refine fused tokens (B, F, C) by video (B, N, C) and audio (B, M, C) tokens: (B, F, C)."""
        return self.norm(
            fused + self._gather(fused, video, self.video_conv) + self._gather(fused, audio, self.audio_conv)
        )

    @staticmethod
    def _gather(fused: Tensor, tokens: Tensor, conv: nn.Module) -> Tensor:
        """softmax(fused tokensᵀ / √C) tokens, without projections and with one head, then the convolution."""
        gathered = F.scaled_dot_product_attention(fused, tokens.to(fused.dtype), tokens.to(fused.dtype))
        point, batch_norm, activation = conv
        # the convolution as a product: its own gradient has another layout than its weight, which DDP has to mend
        mapped = F.linear(gathered, point.weight.flatten(1), point.bias)
        return activation(batch_norm(mapped.transpose(1, 2))).transpose(1, 2)  # (B, F, C) -> (B, C, F) -> (B, F, C)
