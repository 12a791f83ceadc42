"""Audio-visual dual masking: one mask for what an encoder sees, one for what a decoder predicts, for each modality.

Shapes: B batch, N tokens of the grid, n visible to the encoder, m visible to the decoder.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS


class TokenMask(NamedTuple):
    """The masks of one modality as indices, so that every later shape is static.

    Attributes:
        keep_ids: Tokens that the encoder sees, int64 (B, n), raster order.
        decode_ids: Tokens that the decoder predicts, int64 (B, m), raster order.
        counted: 1 where a predicted token counts in the loss, that is where the encoder did not see it; float32 (B, m).
    """

    keep_ids: Tensor
    decode_ids: Tensor
    counted: Tensor

    @classmethod
    def from_masks(cls, encoder_mask: Tensor, decoder_mask: Tensor, num_keep: int, num_decode: int) -> 'TokenMask':
        """Turn two masks, bool (B, N), True = masked, with known numbers of visible tokens, into indices."""
        # a stable sort puts visible tokens first and leaves them in raster order
        keep_ids = encoder_mask.byte().argsort(dim=1, stable=True)[:, :num_keep]
        decode_ids = decoder_mask.byte().argsort(dim=1, stable=True)[:, :num_decode]
        return cls(keep_ids, decode_ids, encoder_mask.gather(1, decode_ids).float())


def explicit_mask(encoder_mask: Tensor, decoder_mask: Tensor) -> TokenMask:
    """Turn masks given by a caller into indices; for checks and pictures, as it reads the counts off the device.

    Args:
        encoder_mask: What the encoder does not see, bool (B, N), True = masked.
        decoder_mask: What the decoder does not predict, bool (B, N), True = masked.

    Raises:
        ConfigError: Shapes differ, or rows of a mask have different numbers of visible tokens.
    """
    if encoder_mask.shape != decoder_mask.shape or encoder_mask.dim() != 2:
        raise ConfigError(
            'encoder and decoder mask must both be (batch, tokens), '
            f'not {tuple(encoder_mask.shape)} and {tuple(decoder_mask.shape)}'
        )
    counts = []
    for name, mask in (('encoder', encoder_mask), ('decoder', decoder_mask)):
        visible = set((~mask.bool()).sum(dim=1).tolist())
        if len(visible) != 1:
            raise ConfigError(f'every row of the {name} mask needs the same number of visible tokens, not {visible}')
        counts.append(visible.pop())
    return TokenMask.from_masks(encoder_mask.bool(), decoder_mask.bool(), *counts)


@MODELS.register_module()
class AVDualMasker(nn.Module):
    """Draw encoder and decoder masks for video and audio (paper section 3.2), on the device, for the whole batch.

    It is composed of four mask generators, each from a nested configuration; `grid` is handed to them. Encoder and
    decoder masks are drawn independently, as released.

    Args:
        video_encoder: Generator of the mask on what the video encoder sees.
        video_decoder: Generator of the mask on what the video decoder predicts.
        audio_encoder: The same for audio.
        audio_decoder: The same for audio.
        video_grid: Video tokens along (time, rows, columns).
        audio_grid: Audio tokens along (time, mel).

    Attributes:
        grids: Both grids, by modality.
    """

    def __init__(
        self,
        video_encoder: dict = dict(type='TubeMask', mask_ratio=0.9),
        video_decoder: dict = dict(type='RunningCellMask', mask_ratio=0.5),
        audio_encoder: dict = dict(type='RandomMask', mask_ratio=0.8125),
        audio_decoder: dict = dict(type='RandomMask', mask_ratio=0.5),
        video_grid: Sequence[int] = (8, 10, 10),
        audio_grid: Sequence[int] = (16, 8),
    ) -> None:
        super().__init__()
        self.grids = dict(video=tuple(video_grid), audio=tuple(audio_grid))
        self.num_tokens = dict(video=math.prod(video_grid), audio=math.prod(audio_grid))
        self.encoder_masks = nn.ModuleDict(
            dict(
                video=MODELS.build(dict(grid=video_grid, **video_encoder)),
                audio=MODELS.build(dict(grid=audio_grid, **audio_encoder)),
            )
        )
        self.decoder_masks = nn.ModuleDict(
            dict(
                video=MODELS.build(dict(grid=video_grid, **video_decoder)),
                audio=MODELS.build(dict(grid=audio_grid, **audio_decoder)),
            )
        )

    def forward(self, batch_size: int, device: torch.device) -> Mapping[str, TokenMask]:
        """Draw masks for a batch; keys 'video' and 'audio'."""
        return {name: self._draw(name, batch_size, device) for name in ('video', 'audio')}

    def is_balanced(self, modality: str, region_size: Sequence[int]) -> bool:
        """Tell whether the masks of an encoder promise as many visible tokens in each of its regions."""
        promise = getattr(self.encoder_masks[modality], 'is_balanced', None)
        return promise is not None and promise(region_size)

    def _draw(self, modality: str, batch_size: int, device: torch.device) -> TokenMask:
        encoder, decoder = self.encoder_masks[modality], self.decoder_masks[modality]
        return TokenMask.from_masks(
            encoder(batch_size, device),
            decoder(batch_size, device),
            self.num_tokens[modality] - encoder.num_masked,
            self.num_tokens[modality] - decoder.num_masked,
        )
