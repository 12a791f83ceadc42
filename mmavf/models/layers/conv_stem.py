"""Convolutions in front of the embedding of patches, for sets too small to learn them from patches alone.

Shapes: B batch, n requested patches, C channels.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from .patches import PatchEmbed, patch_grid


@MODELS.register_module()
class ConvStem(nn.Module):
    """Convolutions of width 3, then `PatchEmbed` of what they leave of a patch (arXiv 2106.14881).

    Each stage is a convolution, BatchNorm and GELU, and halves every axis along which what is left of a patch is even:
    patches of (8, 128) become (1, 8) after four stages. Tokens and their order are those of `PatchEmbed`.

    Of masked clips, only the requested patches are seen: all others are set to 0, the mean of normalised input, before
    the first convolution, as patches overlap after it. The running statistics of BatchNorm are then those of masked
    clips: a pre-trained stem describes whole clips well only after fine-tuning.

    Args:
        in_channels: Channels of the input.
        patch_size: (frames, rows, columns) or (time steps, mel bins).
        embed_dims: Channels C.
        input_size: Size of the input along the same axes.
        channels: Channels of each stage.

    Raises:
        ConfigError: A patch size does not divide the input size, or there are no stages.
    """

    def __init__(
        self,
        in_channels: int,
        patch_size: Sequence[int],
        embed_dims: int,
        input_size: Sequence[int],
        channels: Sequence[int] = (16, 32, 48, 64),
    ) -> None:
        super().__init__()
        if not channels:
            raise ConfigError('ConvStem: channels is empty; without convolutions use PatchEmbed')
        conv: Any = {2: nn.Conv2d, 3: nn.Conv3d}[len(patch_size)]
        norm: Any = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[len(patch_size)]
        self.patch_size = tuple(patch_size)
        self.grid = patch_grid(input_size, patch_size)
        stages, left = [], tuple(patch_size)
        for width in channels:
            stride = tuple(2 - size % 2 for size in left)
            stages += [conv(in_channels, width, 3, stride, padding=1, bias=False), norm(width), nn.GELU()]
            in_channels, left = width, tuple(size // step for size, step in zip(left, stride, strict=True))
        self.stages = nn.Sequential(*stages)
        self.patches = PatchEmbed(in_channels, left, embed_dims)
        self.patch_operations = self.patches.patch_operations  # stages convolve hidden patches, too

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        """Embed patches of `(B, channels, *size)` as (B, n, C).

        Args:
            x: Normalised clips.
            ids: (B, n): these patches of each clip, of which nothing else may be seen. (n,): these patches of every
                clip, with nothing hidden.
        """
        if ids.ndim == 2:
            x = x * self._seen(ids, x.dtype)
        return self.patches(self.stages(x), ids)

    def _seen(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        """Return 1 for the values of the patches `ids` (B, n) and 0 for others, (B, 1, *size)."""
        seen = torch.zeros(len(ids), math.prod(self.grid), dtype=dtype, device=ids.device).scatter(1, ids, 1.0)
        seen = seen.unflatten(1, (1, *self.grid))  # (B, N) -> (B, 1, *grid)
        for axis, size in enumerate(self.patch_size, start=2):
            seen = seen.repeat_interleave(size, dim=axis)
        return seen
