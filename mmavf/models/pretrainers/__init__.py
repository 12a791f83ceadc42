"""Models of the pre-training stage."""

from .avfmae_pretrainer import AVFMAEPretrainer
from .masked_autoencoder import MaskedAutoencoder, PretrainOutput

__all__ = ['AVFMAEPretrainer', 'MaskedAutoencoder', 'PretrainOutput']
