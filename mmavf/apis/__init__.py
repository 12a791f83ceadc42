"""What programs import: a model from a config and a checkpoint, clips through it."""

from .batch import run_batch
from .features import Features, collect_features, save_features
from .inference import AVFInferencer, Recording, open_recording
from .loader import list_loader
from .model import init_model

__all__ = [
    'AVFInferencer',
    'Features',
    'Recording',
    'collect_features',
    'init_model',
    'list_loader',
    'open_recording',
    'run_batch',
    'save_features',
]
