"""mmavf: affective video facial analysis by audio-visual masked autoencoders, on MMEngine."""

from .engine import safe_globals as _safe_globals  # noqa: F401  (checkpoints are read weights-only from here on)
from .version import __version__

__all__ = ['__version__']
