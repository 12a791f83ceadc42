"""mmavf: affective video facial analysis by audio-visual masked autoencoders, on MMEngine."""

from .version import __version__

__all__ = ['__version__']
