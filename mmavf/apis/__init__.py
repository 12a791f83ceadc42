"""What programs import: a model from a config and a checkpoint, clips through it."""

from .batch import run_batch
from .features import Features, collect_features, save_features
from .inference import (
    AVFInferencer,
    FeatureExtractor,
    LayerChoice,
    Recording,
    WindowFeatures,
    WindowSettings,
    open_recording,
    save_window_features,
)
from .loader import list_loader
from .model import init_model

__all__ = [
    'AVFInferencer',
    'Features',
    'Recording',
    'FeatureExtractor',
    'LayerChoice',
    'WindowFeatures',
    'WindowSettings',
    'save_window_features',
    'collect_features',
    'init_model',
    'list_loader',
    'open_recording',
    'run_batch',
    'save_features',
]
