"""Masks of one modality as indices."""

from typing import NamedTuple

from torch import Tensor

from mmavf.errors import ConfigError


class TokenMask(NamedTuple):
    """Encoder and decoder mask of one modality as indices, so that all later shapes are static.

    Attributes:
        keep_ids: Tokens that the encoder sees, int64 (B, n), raster order.
        decode_ids: Tokens that the decoder predicts, int64 (B, m), raster order.
        loss_weight: Weight of a predicted token in the loss: 1 where the encoder did not see it, else 0; float32
            (B, m).
    """

    keep_ids: Tensor
    decode_ids: Tensor
    loss_weight: Tensor

    @classmethod
    def from_masks(cls, encoder_mask: Tensor, decoder_mask: Tensor, num_keep: int, num_decode: int) -> 'TokenMask':
        """Turn two masks, bool (B, N), True = masked, with known numbers of visible tokens, into indices."""
        # a stable sort puts visible tokens first and leaves them in raster order
        keep_ids = encoder_mask.byte().argsort(dim=1, stable=True)[:, :num_keep]
        decode_ids = decoder_mask.byte().argsort(dim=1, stable=True)[:, :num_decode]
        return cls(keep_ids, decode_ids, encoder_mask.gather(1, decode_ids).float())

    @classmethod
    def from_explicit(cls, encoder_mask: Tensor, decoder_mask: Tensor) -> 'TokenMask':
        """Turn masks chosen by a caller into indices; for checks and pictures, as it reads the counts off the device.

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
                raise ConfigError(
                    f'every row of the {name} mask needs the same number of visible tokens, not {visible}'
                )
            counts.append(visible.pop())
        return cls.from_masks(encoder_mask.bool(), decoder_mask.bool(), *counts)
