"""Initialisation of learned tokens."""

from torch import Tensor, nn

TOKEN_STD = 0.02


def draw_token(token: Tensor) -> Tensor:
    """Fill a learned token in place from a normal distribution of standard deviation 0.02, cut at ±0.02.

    Region and mask tokens are initialised so in the released pre-training; cut at one deviation, their own is 0.0108.

    Returns:
        The token itself.
    """
    return nn.init.trunc_normal_(token, std=TOKEN_STD, a=-TOKEN_STD, b=TOKEN_STD)
