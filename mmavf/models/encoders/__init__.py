"""Token encoders: clips in, tokens out."""

from .base import EncoderOutput, TokenEncoder
from .lgi_encoder import ImprovedLGIEncoder
from .vit_encoder import ViTEncoder

__all__ = ['EncoderOutput', 'ImprovedLGIEncoder', 'TokenEncoder', 'ViTEncoder']
