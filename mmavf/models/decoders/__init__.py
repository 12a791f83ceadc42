"""Decoders of the pre-training stage."""

from .masked_decoder import MaskedDecoder

__all__ = ['MaskedDecoder']
