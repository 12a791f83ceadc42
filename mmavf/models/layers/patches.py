"""Patches of clips, and their embedding.

Shapes: B batch, N patches of the grid, n requested patches, P values of a patch, C channels. A grid has two axes
(time, mel) for audio or three (time, row, column) for video; its tokens are numbered in raster order.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS


def patch_grid(input_size: Sequence[int], patch_size: Sequence[int]) -> tuple[int, ...]:
    """Return how many patches fit along each axis.

    Raises:
        ConfigError: A patch size does not divide the input size.
    """
    if len(input_size) != len(patch_size) or any(i % p for i, p in zip(input_size, patch_size, strict=True)):
        raise ConfigError(f'patches of {tuple(patch_size)} do not tile an input of {tuple(input_size)}')
    return tuple(i // p for i, p in zip(input_size, patch_size, strict=True))


def take_patches(x: Tensor, patch_size: Sequence[int], ids: Tensor) -> Tensor:
    """Cut the patches `ids`, int64 (B, n) or (n,), out of `(B, channels, *size)`: `(B, n, channels, *patch_size)`.

    Only these patches are read; the clip is never rearranged as a whole.
    """
    axes = range(len(patch_size))
    # two axes: 'b c (g0 p0) (g1 p1) -> b g0 g1 c p0 p1'; a view
    pattern = (
        f'b c {" ".join(f"(g{i} p{i})" for i in axes)} -> '
        f'b {" ".join(f"g{i}" for i in axes)} c {" ".join(f"p{i}" for i in axes)}'
    )
    x = rearrange(x, pattern, **{f'p{i}': size for i, size in enumerate(patch_size)})
    coordinates = _unravel(ids.expand(x.shape[0], -1), x.shape[1 : 1 + len(patch_size)])
    clips = torch.arange(x.shape[0], device=x.device)[:, None]
    places = (clips, *coordinates)
    return x[places]


def _unravel(ids: Tensor, grid: Sequence[int]) -> list[Tensor]:
    """Turn token numbers into coordinates; torch.unravel_index copies the shape to the device and waits for it."""
    coordinates = []
    for size in reversed(grid):
        coordinates.append(ids % size)
        ids = ids // size
    return coordinates[::-1]


@MODELS.register_module()
class PatchEmbed(nn.Module):
    """Linear embedding of patches; the weight has the shape of the convolution in the published models.

    Only the requested patches are cut out and embedded, in pre-training a tenth of them.

    Args:
        in_channels: Channels of the input: 3 for video, 1 for log-mel.
        patch_size: (frames, rows, columns) or (time steps, mel bins).
        embed_dims: Channels C.
    """

    def __init__(self, in_channels: int, patch_size: Sequence[int], embed_dims: int) -> None:
        super().__init__()
        conv: Any = {2: nn.Conv2d, 3: nn.Conv3d}[len(patch_size)]
        self.patch_size = tuple(patch_size)
        self.proj = conv(in_channels, embed_dims, self.patch_size, self.patch_size)
        self.num_values = in_channels * math.prod(patch_size)
        self.patch_operations = 2 * self.proj.weight.numel()

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        """Embed the patches `ids` (B, n) or (n,) of `(B, channels, *size)` as (B, n, C)."""
        patches = take_patches(x, self.patch_size, ids).flatten(2)  # (B, n, P)
        return F.linear(patches, self.proj.weight.flatten(1), self.proj.bias)
