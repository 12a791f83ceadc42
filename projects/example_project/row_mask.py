"""A mask generator that hides whole rows of patches."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS


@MODELS.register_module()
class RowMask(nn.Module):
    """Hide random rows of a slice, the same in all slices.

    Args:
        grid: Video tokens along (time, rows, columns).
        mask_ratio: Ratio of hidden rows; ratio × rows is a whole number.

    Raises:
        ConfigError: The ratio does not hide a whole number of rows.
    """

    def __init__(self, grid: Sequence[int], mask_ratio: float) -> None:
        super().__init__()
        self.slices, self.rows, self.columns = grid
        self.masked_rows = round(self.rows * mask_ratio)
        if not math.isclose(self.masked_rows, self.rows * mask_ratio) or not 0 < self.masked_rows < self.rows:
            raise ConfigError(f'mask_ratio {mask_ratio} does not hide a whole number of the {self.rows} rows')
        self.num_masked = self.slices * self.masked_rows * self.columns

    def forward(self, batch_size: int, device: torch.device) -> Tensor:
        """Return masks, bool (B, N), True = masked, drawn on `device`."""
        rows = torch.rand(batch_size, self.rows, device=device).argsort(dim=1) < self.masked_rows  # (B, rows)
        return rows.repeat_interleave(self.columns, dim=1).repeat(1, self.slices)  # (B, N), raster order
