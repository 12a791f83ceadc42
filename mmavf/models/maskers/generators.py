"""Mask generators: hidden tokens of clips, drawn on the device for a whole batch.

A generator returns a bool tensor (B, N), True = masked, with the same number of masked tokens in every row. If its
masks leave the same number of visible tokens in every region, `is_balanced(region_size)` returns True.
Shapes: B batch, N tokens of the grid, raster order.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..layers import region_grid, region_of_tokens


def _num_masked(num_tokens: int, mask_ratio: float) -> int:
    """Return the number of masked tokens, rounded down as in the released models; neither 0 nor all."""
    if not 0 < mask_ratio < 1:
        raise ConfigError(f'mask_ratio must lie strictly between 0 and 1, not {mask_ratio}')
    masked = int(mask_ratio * num_tokens + 1e-6)  # 0.9 * 100 is 90.00000000000001 or 89.99999999999999
    if masked in (0, num_tokens):
        raise ConfigError(
            f'mask_ratio {mask_ratio} hides {masked} of {num_tokens} tokens, so there is nothing to learn'
        )
    return masked


def _random_rows(shape: Sequence[int], num_masked: int, device: torch.device) -> Tensor:
    """Return bool `(*shape)` with `num_masked` random True values along the last axis."""
    return torch.rand(*shape, device=device).argsort(dim=-1) < num_masked


@MODELS.register_module()
class RandomMask(nn.Module):
    """Hide random tokens of the whole grid.

    Args:
        grid: Tokens along each axis.
        mask_ratio: Ratio of hidden tokens.
    """

    def __init__(self, grid: Sequence[int], mask_ratio: float) -> None:
        super().__init__()
        self.num_tokens = math.prod(grid)
        self.num_masked = _num_masked(self.num_tokens, mask_ratio)

    def forward(self, batch_size: int, device: torch.device) -> Tensor:
        """Return masks (B, N)."""
        return _random_rows((batch_size, self.num_tokens), self.num_masked, device)


@MODELS.register_module()
class TubeMask(nn.Module):
    """Hide random positions of a slice, the same in all slices, so that motion does not reveal the content.

    Args:
        grid: (slices, rows, columns).
        mask_ratio: Ratio of hidden positions of a slice.
    """

    def __init__(self, grid: Sequence[int], mask_ratio: float) -> None:
        super().__init__()
        self.num_slices, self.slice_tokens = grid[0], math.prod(grid[1:])
        slice_masked = _num_masked(self.slice_tokens, mask_ratio)
        self.slice_masked, self.num_masked = slice_masked, self.num_slices * slice_masked

    def forward(self, batch_size: int, device: torch.device) -> Tensor:
        """Return masks (B, N)."""
        return _random_rows((batch_size, self.slice_tokens), self.slice_masked, device).repeat(1, self.num_slices)


@MODELS.register_module()
class RunningCellMask(nn.Module):
    """Hide part of each 2 x 2 cell of a slice; the hidden part moves by one position from slice to slice.

    Each clip draws one of four phases. The decoder mask of VideoMAE V2 and AVF-MAE++.

    Args:
        grid: (slices, rows, columns); rows and columns are even.
        mask_ratio: Ratio of hidden tokens: 0.25, 0.5 or 0.75.

    Raises:
        ConfigError: Another ratio, or an odd number of rows or columns.
    """

    maps: Tensor

    def __init__(self, grid: Sequence[int], mask_ratio: float = 0.5) -> None:
        super().__init__()
        if mask_ratio not in (0.25, 0.5, 0.75):
            raise ConfigError(f'a running 2 x 2 cell hides 0.25, 0.5 or 0.75 of the tokens, not {mask_ratio}')
        slices, rows, columns = grid
        if rows % 2 or columns % 2:
            raise ConfigError(f'running 2 x 2 cells do not tile a slice of {rows} x {columns} tokens')
        self.num_masked = int(math.prod(grid) * mask_ratio)
        phase, time, row, column = torch.meshgrid(
            *(torch.arange(n, device='cpu') for n in (4, slices, rows, columns)), indexing='ij'
        )
        place = 2 * (row % 2) + column % 2  # of the token in its cell
        # the hidden run of places starts at 3 and moves back by one with each slice and each phase
        masked = (place + 1 + time + phase) % 4 < int(4 * mask_ratio)
        self.register_buffer('maps', masked.flatten(1), persistent=False)  # (4, N)

    def forward(self, batch_size: int, device: torch.device) -> Tensor:
        """Return masks (B, N)."""
        return self.maps[torch.randint(len(self.maps), (batch_size,), device=device)]


@MODELS.register_module()
class RegionBalancedMask(nn.Module):
    """Hide the same number of random tokens in every region.

    With it the encoder can group visible tokens by their true region (`region_grouping='exact'`).

    Args:
        grid: Tokens along each axis.
        mask_ratio: Ratio of hidden tokens in each region.
        region_size: Tokens of a region along each axis, as the encoder has it.
        tube: Draw for one slice and repeat it over time (video); the extent of regions in time then does not matter.

    Raises:
        ConfigError: Regions that do not tile the grid, or a ratio that leaves a region without a visible token.
    """

    place: Tensor

    def __init__(self, grid: Sequence[int], mask_ratio: float, region_size: Sequence[int], tube: bool = False) -> None:
        super().__init__()
        self.region_size, self.tube = tuple(region_size), tube
        self.repeats = grid[0] if tube else 1
        if tube:
            region_grid(grid, region_size)  # the axis of time must be tiled as well
            grid, region_size = grid[1:], region_size[1:]
        self.region_tokens = math.prod(region_size)
        self.num_regions = math.prod(region_grid(grid, region_size))
        self.region_masked = _num_masked(self.region_tokens, mask_ratio)
        self.num_masked = self.repeats * self.num_regions * self.region_masked
        # for every token its place when tokens are sorted by region
        place = region_of_tokens(grid, region_size).argsort(stable=True).argsort()
        self.register_buffer('place', place, persistent=False)

    def forward(self, batch_size: int, device: torch.device) -> Tensor:
        """Return masks (B, N)."""
        shape = (batch_size, self.num_regions, self.region_tokens)
        by_region = _random_rows(shape, self.region_masked, device).flatten(1)  # (B, N / repeats), sorted by region
        return by_region[:, self.place].repeat(1, self.repeats)

    def is_balanced(self, region_size: Sequence[int]) -> bool:
        """Return whether regions of this size keep equally many visible tokens: they consist of whole own regions."""
        first = 1 if self.tube else 0  # all slices of a tube are alike
        sizes = zip(region_size[first:], self.region_size[first:], strict=True)
        return len(region_size) == len(self.region_size) and all(size % own == 0 for size, own in sizes)
