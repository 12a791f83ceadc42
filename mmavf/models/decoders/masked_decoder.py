"""Decoder that reconstructs masked tokens with the help of hierarchical skip features (paper section 3.2).

Shapes: B batch, N tokens of the grid, n tokens that the encoder saw, m tokens to decode, S skips, D decoder channels.
"""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..encoders.base import XAVIER_INIT
from ..layers import (
    LAYER_NORM_EPS,
    CrossSelfBlock,
    ViTBlock,
    draw_token,
    patch_grid,
    sinusoid_table,
)


@MODELS.register_module()
class MaskedDecoder(BaseModule):
    """Predict the content of chosen tokens from the encoder's tokens.

    Plain transformer blocks come first; every further block first attends to one skip feature, the deepest encoder
    layer first. AVF-MAE++ and HiCMAE have one plain block, the methods for video alone have no skips. Positions are a
    fixed table over all N tokens. Tokens to decode are mask tokens with their position, whether or not the encoder saw
    that place.

    Args:
        input_size: Size of the clip that is decoded, as for the encoder.
        patch_size: Size of a patch along the same axes.
        out_channels: Values per token: the values of a patch.
        embed_dims: Channels D.
        num_heads: Attention heads.
        num_skips: Number S of skip features, with a block each.
        depth: Plain blocks, at least one.
        mlp_ratio: Hidden width of the FFNs over D.
        with_cp: Recompute activations in the backward pass.
        init_cfg: Initialisation; the default is the released one.

    Raises:
        ConfigError: No plain block.
    """

    def __init__(
        self,
        input_size: Sequence[int] = (16, 160, 160),
        patch_size: Sequence[int] = (2, 16, 16),
        out_channels: int = 1536,
        embed_dims: int = 384,
        num_heads: int = 6,
        num_skips: int = 3,
        depth: int = 1,
        mlp_ratio: float = 4.0,
        with_cp: bool = False,
        init_cfg: dict | list | None = XAVIER_INIT,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if depth < 1:
            raise ConfigError(f'MaskedDecoder: depth must be 1 or more, not {depth}')
        self.grid = patch_grid(input_size, patch_size)
        num_tokens = int(torch.Size(self.grid).numel())
        self.with_cp = with_cp
        self.embed_dims = embed_dims
        self.out_channels = out_channels
        self.num_skips = num_skips
        self.mask_token = nn.Parameter(torch.empty(1, 1, embed_dims))
        draw_token(self.mask_token)
        self.register_buffer('positions', sinusoid_table(num_tokens, embed_dims), persistent=False)
        self.block = ViTBlock(embed_dims, num_heads, mlp_ratio)
        self.plain_blocks = nn.ModuleList(ViTBlock(embed_dims, num_heads, mlp_ratio) for _ in range(depth - 1))
        self.skip_blocks = nn.ModuleList(CrossSelfBlock(embed_dims, num_heads, mlp_ratio) for _ in range(num_skips))
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(embed_dims, out_channels)

    def forward(self, x: Tensor, skips: Sequence[Tensor], position_ids: Tensor, decode_ids: Tensor) -> Tensor:
        """Decode.

        Args:
            x: Encoder tokens in decoder width, (B, n, D).
            skips: Skip features in decoder width, shallowest first, S times (B, n, D).
            position_ids: Position of each encoder token, int64 (B, n).
            decode_ids: Tokens to decode, int64 (B, m).

        Returns:
            Predictions (B, m, out_channels).
        """
        visible = self.positions[position_ids]  # (B, n, D)
        masked = self.mask_token + self.positions[decode_ids]  # (B, m, D)
        x = torch.cat((x + visible, masked), dim=1)
        for block in (self.block, *self.plain_blocks):  # the first has a name of its own in all checkpoints
            x = self._run(block, x)
        for block, skip in zip(self.skip_blocks, reversed(skips), strict=True):
            x = self._run(block, x, skip + visible)
        return self.head(self.norm(x[:, -decode_ids.shape[1] :]))

    def _run(self, block: nn.Module, *inputs: Tensor) -> Tensor:
        if self.with_cp and self.training:
            return checkpoint(block, *inputs, use_reentrant=False)
        return block(*inputs)
