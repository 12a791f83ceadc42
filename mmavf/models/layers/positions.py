"""Fixed sinusoid position tables."""

import torch
from torch import Tensor


def sinusoid_table(num_positions: int, embed_dims: int) -> Tensor:
    """Return the interleaved sinusoid table: sine at even channels, cosine at odd ones.

    Channel j of position p has the angle p / 10000 ** (2 * (j // 2) / embed_dims).

    Returns:
        float32 tensor of shape (num_positions, embed_dims), values in [-1, 1].
    """
    # made on the CPU in double precision, as large angles lose digits in single precision
    positions = torch.arange(num_positions, dtype=torch.float64, device='cpu')
    channels = torch.arange(embed_dims, device='cpu')
    exponents = 2 * (channels // 2).double() / embed_dims
    angles = positions[:, None] / torch.pow(torch.tensor(10000.0, dtype=torch.float64, device='cpu'), exponents)
    return torch.where(channels % 2 == 0, angles.sin(), angles.cos()).float()
