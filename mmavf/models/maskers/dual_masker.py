"""Dual masking of any modalities: one mask for the encoder, one for the decoder.

Shapes: B batch, N tokens of the grid, n visible to the encoder, m visible to the decoder.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..interfaces import MaskGenerator, build_part
from .token_mask import TokenMask


@MODELS.register_module()
class DualMasker(nn.Module):
    """Draw encoder and decoder masks (paper section 3.2), on the device, for the whole batch.

    Encoder and decoder masks are drawn independently, as released. Without decoder masks each decoder predicts just
    what its encoder does not see, as in the methods before dual masking.

    Args:
        encoder: Of each modality, the generator of the mask on what its encoder sees; `grid` is handed to it.
        decoder: Of the same modalities, the generator of the mask on what the decoder predicts; None for the complement
            of the encoder's.
        grids: Of each modality, its tokens along each axis.

    Attributes:
        grids: The grids, by modality.
        num_tokens: Tokens N, by modality.

    Raises:
        ConfigError: The three are not for the same modalities, or a generator does not keep its contract.
    """

    def __init__(
        self,
        encoder: Mapping[str, dict | nn.Module],
        decoder: Mapping[str, dict | nn.Module] | None,
        grids: Mapping[str, Sequence[int]],
    ) -> None:
        super().__init__()
        decoded = encoder if decoder is None else decoder
        if not encoder or not set(encoder) == set(decoded) == set(grids):
            raise ConfigError(
                f'masker: encoder masks are for {sorted(encoder)}, decoder masks for {sorted(decoded)} and grids for '
                f'{sorted(grids)}; they must be for the same modalities, at least one'
            )
        self.grids = {m: tuple(grids[m]) for m in encoder}
        self.num_tokens = {m: math.prod(grid) for m, grid in self.grids.items()}
        self.encoder_masks = self._generators('encoder', encoder)
        self.decoder_masks = None if decoder is None else self._generators('decoder', decoder)

    def forward(self, batch_size: int, device: torch.device) -> Mapping[str, TokenMask]:
        """Draw masks for a batch, one of each modality."""
        return {m: self._draw(m, batch_size, device) for m in self.grids}

    def is_balanced(self, modality: str, region_size: Sequence[int]) -> bool:
        """Return whether the masks of an encoder guarantee equally many visible tokens in each of its regions."""
        is_balanced = getattr(self.encoder_masks[modality], 'is_balanced', None)
        return is_balanced is not None and is_balanced(region_size)

    def _generators(self, place: str, cfgs: Mapping[str, dict | nn.Module]) -> nn.ModuleDict:
        return nn.ModuleDict(
            {
                m: build_part(cfgs[m], MaskGenerator, f'masker: {place} mask of {m}', grid=self.grids[m])
                for m in self.grids
            }
        )

    def _draw(self, modality: str, batch_size: int, device: torch.device) -> TokenMask:
        encoder: Any = self.encoder_masks[modality]
        tokens = self.num_tokens[modality]
        hidden = encoder(batch_size, device)
        if self.decoder_masks is None:
            return TokenMask.from_masks(hidden, ~hidden, tokens - encoder.num_masked, encoder.num_masked)
        decoder: Any = self.decoder_masks[modality]
        not_decoded = decoder(batch_size, device)
        return TokenMask.from_masks(hidden, not_decoded, tokens - encoder.num_masked, tokens - decoder.num_masked)
