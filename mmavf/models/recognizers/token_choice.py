"""The tokens of an encoder that a recognizer pools or correlates.

Shapes: B clips, N local tokens, K region tokens, n tokens of the kind chosen, L layers, C channels.
"""

import math
from typing import Any, Literal

import torch
from torch import Tensor

from mmavf.errors import ConfigError

from ..encoders import EncoderOutput

TokenType = Literal['region', 'local', 'all']
TOKEN_TYPES = ('region', 'local', 'all')
Pooling = Literal['mean', 'mean_std']
POOLINGS = {'mean': 1, 'mean_std': 2}  # channels of the result over those of a token
VARIANCE_EPS = 1e-5  # the square root has no gradient at 0, where all tokens are the same


def last_layer(output: EncoderOutput, tokens: TokenType) -> Tensor:
    """Return the tokens of the last layer, (B, n, C)."""
    if tokens == 'local':
        return output.tokens
    regions = _regions(output)[:, :, -1]
    return regions if tokens == 'region' else torch.cat((regions, output.tokens), dim=1)


def all_layers(output: EncoderOutput, tokens: TokenType) -> Tensor:
    """Return the tokens of every layer that the encoder returns, (B, n, L, C)."""
    if tokens == 'region':
        return _regions(output)
    local = torch.stack(output.hidden, dim=2)  # L tensors (B, N, C) -> (B, N, L, C)
    return local if tokens == 'local' else torch.cat((_regions(output), local), dim=1)


def pooled(tokens: Tensor, pooling: Pooling) -> Tensor:
    """Return the mean of tokens (B, n, ..., C), or their mean and standard deviation side by side, (B, ..., 2C)."""
    mean = tokens.mean(dim=1)
    if pooling == 'mean':
        return mean
    return torch.cat((mean, (tokens.var(dim=1, correction=0) + VARIANCE_EPS).sqrt()), dim=-1)


def for_clips(output: EncoderOutput, count: int) -> EncoderOutput:
    """Return the output for one clip as that for `count` clips, without copying; one for `count` clips as it is."""
    return output._replace(
        tokens=output.tokens.expand(count, -1, -1),
        hidden=tuple(layer.expand(count, -1, -1) for layer in output.hidden),
        regions=None if output.regions is None else output.regions.expand(count, -1, -1, -1),
    )


def num_tokens(encoder: Any, tokens: TokenType) -> int:
    """Return the number n of tokens."""
    counts = dict(region=getattr(encoder, 'num_regions', 0), local=math.prod(encoder.grid))
    return sum(counts.values()) if tokens == 'all' else counts[tokens]


def num_layers(encoder: Any, tokens: TokenType) -> int:
    """Return the number L of layers of `all_layers`: region tokens come from all, local tokens from `out_indices`."""
    return len(encoder.blocks) if tokens == 'region' else len(encoder.out_indices)


def _regions(output: EncoderOutput) -> Tensor:
    if output.regions is None:
        raise ConfigError("the encoder returns no region tokens: set the model's tokens to 'local'")
    return output.regions
