"""Base of the token encoders: patch embedding, positions, blocks, final norm.

Shapes: B batch, N tokens of the grid, n tokens that enter, K regions, L layers, C channels.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmavf.errors import ConfigError

from ..interfaces import PatchEmbedding, build_part
from ..layers import LAYER_NORM_EPS, patch_grid, sinusoid_table

# as released for pre-training; fine-tuning configs replace it
XAVIER_INIT = dict(type='Xavier', layer='Linear', distribution='uniform', bias=0.0)


class EncoderOutput(NamedTuple):
    """Output of an encoder; all tokens have passed its final LayerNorm, if it has one.

    Attributes:
        tokens: Local tokens of the last layer, (B, n, C).
        hidden: Local tokens of the layers `out_indices`, each (B, n, C).
        regions: Region tokens of all layers, (B, K, L, C); None if the encoder has none, and with `keep_ids`, as
            pre-training does not use them.
        token_ids: Which token of the grid stands at each place, int64 (B, n); (n,) where all tokens entered.
    """

    tokens: Tensor
    hidden: tuple[Tensor, ...]
    regions: Tensor | None
    token_ids: Tensor


class TokenEncoder(BaseModule):
    """Base of the encoders; a subclass builds `self.blocks` and lays out the tokens for them.

    Args:
        input_size: (frames, rows, columns) of video or (time steps, mel bins) of audio.
        patch_size: Size of a patch along the same axes.
        in_channels: Channels of the input.
        embed_dims: Channels C.
        depth: Number of blocks L.
        out_indices: Layers, counted from 0, whose tokens `forward` returns as `hidden`.
        with_cp: Recompute each block's activations in the backward pass: less memory, about a third more time.
        final_norm: Whether tokens pass a LayerNorm at the end. MAE-DFER's fine-tuned models have none, as their head
            begins with one.
        init_cfg: Initialisation as MMEngine does it.
        patch_embed: How patches are embedded: its config, or the module.

    Attributes:
        num_regions: Region tokens K; 0 if the encoder has none.

    Raises:
        ConfigError: Sizes that do not fit each other, or a layer that does not exist.
    """

    num_regions = 0

    def __init__(
        self,
        input_size: Sequence[int],
        patch_size: Sequence[int],
        in_channels: int,
        embed_dims: int,
        depth: int,
        out_indices: Sequence[int] = (),
        with_cp: bool = False,
        final_norm: bool = True,
        init_cfg: dict | list | None = None,
        patch_embed: dict | nn.Module = dict(type='mmavf.PatchEmbed'),
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if any(not 0 <= index < depth for index in out_indices):
            raise ConfigError(f'out_indices {tuple(out_indices)} must lie in 0..{depth - 1}, as depth is {depth}')
        self.input_size = tuple(input_size)
        self.patch_size = tuple(patch_size)
        self.in_channels = in_channels
        self.grid = patch_grid(input_size, patch_size)
        self.embed_dims = embed_dims
        self.out_indices = tuple(out_indices)
        self.with_cp = with_cp
        sizes = dict(in_channels=in_channels, patch_size=patch_size, embed_dims=embed_dims, input_size=input_size)
        self.patch_embed = build_part(patch_embed, PatchEmbedding, 'patch_embed', **sizes)
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS) if final_norm else nn.Identity()
        self.blocks: nn.ModuleList
        self.register_buffer('positions', sinusoid_table(self.num_tokens, embed_dims), persistent=False)

    @property
    def num_tokens(self) -> int:
        """Tokens N of the grid."""
        return int(torch.Size(self.grid).numel())

    def embed(self, x: Tensor, ids: Tensor) -> Tensor:
        """Embed the patches `ids` (B, n) or (n,) of a clip `(B, channels, *size)` and add their positions: (B, n, C).

        Raises:
            ConfigError: The clip has another size than the encoder was built for, so that other patches would be taken.
        """
        if x.shape[2:] != self.input_size:
            raise ConfigError(
                f'the encoder is built for inputs of {self.input_size} and gets {tuple(x.shape[2:])}: change its '
                'input_size or the pipeline'
            )
        return self.patch_embed(x, ids) + self.positions[ids]

    def check_visible(self, num_visible: int, is_balanced: Callable[[Sequence[int]], bool]) -> None:
        """Raise a ConfigError if the encoder cannot take the masks of a masker.

        Args:
            num_visible: Visible tokens n of every mask.
            is_balanced: Returns whether the masks leave equally many visible tokens in each region of a size.
        """

    def run_block(self, block: nn.Module, *inputs: Tensor) -> Tensor:
        """Run one block, with activation checkpointing if `with_cp` is set."""
        if self.with_cp and self.training:
            return checkpoint(block, *inputs, use_reentrant=False)
        return block(*inputs)
