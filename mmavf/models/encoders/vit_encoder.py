"""A plain vision-transformer encoder with the interface of the local-global one.

Shapes: B batch, N tokens of the grid, n tokens that enter, C channels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmavf.registry import MODELS

from ..layers import ViTBlock
from .base import XAVIER_INIT, EncoderOutput, TokenEncoder


@MODELS.register_module()
class ViTEncoder(TokenEncoder):
    """Global self-attention over all tokens that enter; no region tokens. The encoder of HiCMAE and VideoMAE.

    Args:
        input_size: (frames, rows, columns) of video or (time steps, mel bins) of audio.
        patch_size: Size of a patch along the same axes.
        in_channels: Channels of the input: 3 for video, 1 for log-mel.
        embed_dims: Channels C.
        num_heads: Attention heads.
        depth: Number of blocks.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path_rate: Stochastic depth of the last block; it grows linearly from 0 at the first.
        out_indices: Layers, counted from 0, whose tokens `forward` returns as `hidden`.
        with_cp: Recompute activations in the backward pass.
        final_norm: Whether tokens pass a LayerNorm at the end.
        init_cfg: Initialisation; the default is the released one for pre-training.
        patch_embed: How patches are embedded: `PatchEmbed`, or `ConvStem` for sets of a few hundred clips.

    Raises:
        ConfigError: Sizes that do not fit each other.
    """

    def __init__(
        self,
        input_size: Sequence[int] = (16, 160, 160),
        patch_size: Sequence[int] = (2, 16, 16),
        in_channels: int = 3,
        embed_dims: int = 512,
        num_heads: int = 8,
        depth: int = 10,
        mlp_ratio: float = 4.0,
        drop_path_rate: float = 0.0,
        out_indices: Sequence[int] = (),
        with_cp: bool = False,
        final_norm: bool = True,
        init_cfg: dict | list | None = XAVIER_INIT,
        patch_embed: dict | nn.Module = dict(type='mmavf.PatchEmbed'),
    ) -> None:
        super().__init__(
            input_size,
            patch_size,
            in_channels,
            embed_dims,
            depth,
            out_indices,
            with_cp,
            final_norm,
            init_cfg,
            patch_embed,
        )
        rates = torch.linspace(0, drop_path_rate, depth, device='cpu').tolist()
        self.blocks = nn.ModuleList(ViTBlock(embed_dims, num_heads, mlp_ratio, rate) for rate in rates)
        self.register_buffer('all_token_ids', torch.arange(self.num_tokens, device='cpu'), persistent=False)

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> EncoderOutput:
        """Encode a clip.

        Args:
            x: Clip `(B, channels, *input_size)`, floating point, normalised.
            keep_ids: Tokens that enter, int64 (B, n) in raster order; None for all.

        Returns:
            Tokens in raster order; `regions` is None.
        """
        token_ids = self.all_token_ids if keep_ids is None else keep_ids
        x = self.embed(x, token_ids)
        hidden = []
        for index, block in enumerate(self.blocks):
            x = self.run_block(block, x)
            if index in self.out_indices:
                hidden.append(self.norm(x))
        return EncoderOutput(self.norm(x), tuple(hidden), None, token_ids)
