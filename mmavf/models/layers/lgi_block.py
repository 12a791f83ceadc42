"""Local-global interaction block of AVF-MAE++ (paper section 3.3).

Shapes: B batch, K regions, n local tokens a region, C channels.
"""

import torch
from torch import Tensor, nn

from .attention import CrossAttention
from .blocks import ResidualAttention, ResidualFFN


class LGIBlock(nn.Module):
    """Attention in four stages between local tokens and the tokens of their regions, then an FFN.

    Stage I attends inside each region, II between region tokens, III from all local tokens to the region tokens, IV
    from the region tokens to all local tokens of the clip. Each stage has its own weights; the FFN is shared by
    local and region tokens.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path: Probability that a branch is dropped in training: stage I and the FFN for a region, the other stages
            for a clip, as released.
        stage_iv: Whether the block has stage IV: with it, it is the improved block of AVF-MAE++, without it MAE-DFER's.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        mlp_ratio: float = 4.0,
        drop_path: float = 0.0,
        stage_iv: bool = True,
    ) -> None:
        super().__init__()

        def stage(with_context: bool) -> ResidualAttention:
            """Return one stage of attention."""
            return ResidualAttention(embed_dims, CrossAttention(embed_dims, num_heads), with_context, drop_path)

        self.stage1 = stage(with_context=False)
        self.stage2 = stage(with_context=False)
        self.stage3 = stage(with_context=True)
        self.stage4 = stage(with_context=True) if stage_iv else None
        self.ffn = ResidualFFN(embed_dims, mlp_ratio, drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, K, 1 + n, C), the region token first in its region, to the same shape."""
        batch, num_regions = x.shape[:2]
        x = self.stage1(x.flatten(0, 1)).unflatten(0, (batch, num_regions))  # inside (B * K, 1 + n, C)
        regions, local = x.split((1, x.shape[2] - 1), dim=2)  # one copy in the backward pass, not two padded with zeros
        regions = self.stage2(regions.squeeze(2))  # (B, K, C)
        local = self.stage3(local.flatten(1, 2), regions)  # (B, K * n, C)
        if self.stage4 is not None:
            regions = self.stage4(regions, local)
        # (B, K, 1, C) and (B, K, n, C) -> (B, K, 1 + n, C)
        x = torch.cat((regions.unsqueeze(2), local.unflatten(1, (num_regions, -1))), dim=2)
        return self.ffn(x.flatten(0, 1)).unflatten(0, (batch, num_regions))
