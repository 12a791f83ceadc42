"""A model on recordings of any length: faces, windows, predictions and features over time."""

from .extractor import FeatureExtractor, WindowFeatures, save_window_features
from .inferencer import AVFInferencer
from .layer_choice import LayerChoice
from .recording import Recording, open_recording
from .window_settings import WindowSettings

__all__ = [
    'AVFInferencer',
    'FeatureExtractor',
    'LayerChoice',
    'Recording',
    'WindowFeatures',
    'WindowSettings',
    'open_recording',
    'save_window_features',
]
