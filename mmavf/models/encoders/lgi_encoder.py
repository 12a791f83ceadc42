"""The improved local-global encoder of AVF-MAE++ (paper section 3.3).

Shapes: B batch, N tokens of the grid, n tokens that enter, K regions, L layers, C channels.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..layers import LGIBlock, all_token_ids, draw_token, region_of_tokens, released_order, sort_by_region
from .base import XAVIER_INIT, EncoderOutput, TokenEncoder


@MODELS.register_module()
class ImprovedLGIEncoder(TokenEncoder):
    """Local-global interaction encoder for either modality and every training stage.

    A learned token per region accompanies the region's local tokens through the blocks. With `keep_ids` only those
    tokens are embedded and encoded (pre-training), without it all of them (every later stage).

    Args:
        input_size: (frames, rows, columns) of video or (time steps, mel bins) of audio.
        patch_size: Size of a patch along the same axes.
        region_size: Tokens of a region along the same axes.
        in_channels: Channels of the input: 3 for video, 1 for log-mel.
        embed_dims: Channels C.
        num_heads: Attention heads.
        depth: Number of blocks L.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path_rate: Stochastic depth of the last block; it grows linearly from 0 at the first.
        out_indices: Layers, counted from 0, whose tokens `forward` returns as `hidden`.
        stage_iv: Whether blocks have stage IV; without it this is the encoder of MAE-DFER.
        region_grouping: How visible tokens are grouped in pre-training. 'released' groups by rank among the visible
            tokens, so that some are in a region that is not theirs; 'exact' groups by true region and needs masks
            that leave the same number of tokens in each region.
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
        region_size: Sequence[int] = (2, 5, 10),
        in_channels: int = 3,
        embed_dims: int = 512,
        num_heads: int = 8,
        depth: int = 10,
        mlp_ratio: float = 4.0,
        drop_path_rate: float = 0.0,
        out_indices: Sequence[int] = (),
        stage_iv: bool = True,
        region_grouping: Literal['released', 'exact'] = 'released',
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
        if region_grouping not in ('released', 'exact'):
            raise ConfigError(f"region_grouping is 'released' or 'exact', not {region_grouping!r}")
        self.region_size = tuple(region_size)
        self.region_grouping = region_grouping
        region_ids = region_of_tokens(self.grid, self.region_size)
        self.num_regions = int(region_ids[-1]) + 1
        self.register_buffer('region_ids', region_ids, persistent=False)
        self.register_buffer('all_token_ids', all_token_ids(self.grid, self.region_size), persistent=False)
        self.region_tokens = nn.Parameter(torch.empty(self.num_regions, embed_dims))
        rates = torch.linspace(0, drop_path_rate, depth, device='cpu').tolist()
        self.blocks = nn.ModuleList(LGIBlock(embed_dims, num_heads, mlp_ratio, rate, stage_iv) for rate in rates)
        draw_token(self.region_tokens)

    def order_by_region(self, keep_ids: Tensor | None) -> Tensor:
        """Return the tokens that enter in region order: (B, n) for raster-ordered `keep_ids`, (N,) for None.

        Raises:
            ConfigError: The visible tokens do not spread evenly over the regions.
        """
        if keep_ids is None:
            return self.all_token_ids
        if self.region_grouping == 'exact':
            if keep_ids.shape[1] % self.num_regions:
                raise ConfigError(
                    f'{keep_ids.shape[1]} visible tokens do not spread evenly over {self.num_regions} regions: use '
                    'region-balanced masks whose ratio leaves a whole number of tokens in each region'
                )
            return sort_by_region(keep_ids, self.region_ids)
        return keep_ids[:, released_order(self.grid, self.region_size, keep_ids.shape[1], keep_ids.device)]

    def check_visible(self, num_visible: int, is_balanced: Callable[[Sequence[int]], bool]) -> None:
        """Check that the visible tokens spread evenly over the regions; arguments as in the base class.

        Raises:
            ConfigError: They do not, or with 'exact' the masker does not guarantee that they do.
        """
        self.order_by_region(torch.arange(num_visible, device='cpu')[None])
        if self.region_grouping == 'exact' and not is_balanced(self.region_size):
            raise ConfigError(
                "region_grouping='exact' needs region-balanced masks: RegionBalancedMask with region_size "
                f'{self.region_size}, or a mask generator whose is_balanced(region_size) returns True'
            )

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> EncoderOutput:
        """Encode a clip.

        Args:
            x: Clip `(B, channels, *input_size)`, floating point, normalised.
            keep_ids: Tokens that enter, int64 (B, n) in raster order; None for all.

        Returns:
            Tokens in region order, n = N without `keep_ids`.
        """
        token_ids = self.order_by_region(keep_ids)
        x = self.embed(x, token_ids).unflatten(1, (self.num_regions, -1))  # (B, n, C) -> (B, K, n / K, C)
        region_tokens = self.region_tokens[None, :, None].expand(x.shape[0], -1, -1, -1)  # (B, K, 1, C)
        x = torch.cat((region_tokens.to(x.dtype), x), dim=2)
        hidden, regions = [], []
        for index, block in enumerate(self.blocks):
            x = self.run_block(block, x)
            regions.append(x[:, :, 0])
            if index in self.out_indices:
                hidden.append(self.local_tokens(x))
        tokens = hidden[-1] if index in self.out_indices else self.local_tokens(x)
        normed = self.norm(torch.stack(regions, dim=2)) if keep_ids is None else None  # (B, K, L, C)
        return EncoderOutput(tokens, tuple(hidden), normed, token_ids)

    def local_tokens(self, x: Tensor) -> Tensor:
        """Return the normed local tokens (B, n, C) of a block's output (B, K, 1 + n / K, C)."""
        return self.norm(x[:, :, 1:].flatten(1, 2))
