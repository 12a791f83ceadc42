"""Models of the pre-training stage."""

from .avfmae_pretrainer import AVFMAEPretrainer, PretrainOutput

__all__ = ['AVFMAEPretrainer', 'PretrainOutput']
