"""Token encoders: clips in, tokens out."""

from .base import EncoderOutput, TokenEncoder
from .ensemble import EncoderEnsemble, give_to_members
from .lgi_encoder import ImprovedLGIEncoder
from .vit_encoder import ViTEncoder

__all__ = ['EncoderEnsemble', 'EncoderOutput', 'ImprovedLGIEncoder', 'TokenEncoder', 'ViTEncoder', 'give_to_members']
