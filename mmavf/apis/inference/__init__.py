"""A model on a recording of any length: faces, windows, predictions over time."""

from .inferencer import AVFInferencer
from .recording import Recording, open_recording

__all__ = ['AVFInferencer', 'Recording', 'open_recording']
