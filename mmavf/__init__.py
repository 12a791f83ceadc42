"""mmavf: affective video facial analysis by audio-visual masked autoencoders, on MMEngine.

Importing the package alone loads nothing else. Everything that builds components or reads checkpoints goes through
`mmavf.registry`, from which on checkpoints are read weights-only.
"""

from .version import __version__

__all__ = ['__version__']
