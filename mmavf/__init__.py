"""mmavf: affective video facial analysis by audio-visual masked autoencoders, on MMEngine.

From its import on MMEngine reads checkpoints weights-only. Nothing else is loaded before it is used.
"""

from .checkpoints.on_import import read_weights_only as _read_weights_only
from .version import __version__

__all__ = ['__version__']

_read_weights_only()
