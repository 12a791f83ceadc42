"""Regions of the token grid, and the grouping of visible tokens into them.

Shapes: B batch, N tokens of the grid, n visible tokens, K regions.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mmavf.errors import ConfigError


def region_grid(grid: Sequence[int], region_size: Sequence[int]) -> tuple[int, ...]:
    """Return the number of regions along each axis of the token grid.

    Raises:
        ConfigError: A region size does not divide the tokens.
    """
    if len(grid) != len(region_size) or any(g % r for g, r in zip(grid, region_size, strict=True)):
        raise ConfigError(
            f'regions of {tuple(region_size)} tokens do not tile a grid of {tuple(grid)} tokens; '
            'choose a region size that divides every axis'
        )
    return tuple(g // r for g, r in zip(grid, region_size, strict=True))


def region_of_tokens(grid: Sequence[int], region_size: Sequence[int]) -> Tensor:
    """Return the region number of every token, int64 of shape (N,), regions in raster order."""
    counts = region_grid(grid, region_size)
    axes = [torch.arange(g, device='cpu') // r for g, r in zip(grid, region_size, strict=True)]
    coordinates = torch.meshgrid(*axes, indexing='ij')
    region = torch.zeros(tuple(grid), dtype=torch.long, device='cpu')
    for coordinate, count in zip(coordinates, counts, strict=True):
        region = region * count + coordinate
    return region.flatten()


def all_token_ids(grid: Sequence[int], region_size: Sequence[int]) -> Tensor:
    """Return all token numbers sorted by region, raster order inside a region; int64 of shape (N,)."""
    return region_of_tokens(grid, region_size).argsort(stable=True)


def released_order(
    grid: tuple[int, ...], region_size: tuple[int, ...], num_visible: int, device: torch.device
) -> Tensor:
    """Return the released grouping: places 0..n-1 of the visible tokens in raster order, permuted to region order.

    The released models group visible tokens by rank, wherever they are. Video: every slice has the same number of
    visible tokens (tube masks), the first of which count as the first spatial region. Audio: equal runs of consecutive
    tokens. These are pseudo-regions, unless the masks are region-balanced (video).

    It is computed on the device, so that nothing is copied there, and not cached: a trace would leave a fake tensor.

    Returns:
        int64 tensor of shape (n,) on `device`.

    Raises:
        ConfigError: The visible tokens do not spread evenly over the regions.
    """
    counts = region_grid(grid, region_size)
    # one slice of audio holds no fixed number of visible tokens, so time stays whole there
    slices, in_slice = (grid[0], math.prod(counts[1:])) if len(grid) == 3 else (1, math.prod(counts))
    if num_visible % (slices * in_slice):
        raise ConfigError(
            f'{num_visible} visible of {math.prod(grid)} tokens do not spread evenly over {math.prod(counts)} regions '
            f'of {tuple(region_size)} tokens: choose a mask ratio that leaves a multiple of {slices * in_slice}'
        )
    groups = counts[0] if len(grid) == 3 else 1
    # (slice groups, slices a group, regions a slice, tokens) -> regions first
    order = torch.arange(num_visible, device=device).view(groups, slices // groups, in_slice, -1)
    return order.transpose(1, 2).flatten()


def sort_by_region(keep_ids: Tensor, region_ids: Tensor) -> Tensor:
    """Sort visible tokens by their true region, raster order inside it.

    Args:
        keep_ids: Visible tokens, int64 (B, n); every region must hold n / K of them.
        region_ids: Region of every token, int64 (N,).

    Returns:
        The same tokens in region order, int64 (B, n).
    """
    rank = region_ids[keep_ids] * len(region_ids) + keep_ids
    return keep_ids.gather(1, rank.argsort(dim=1))
