"""What programs import: a model from a config and a checkpoint, clips through it."""

from .batch import run_batch
from .features import Features, collect_features, save_features
from .loader import list_loader
from .model import init_model

__all__ = ['Features', 'collect_features', 'init_model', 'list_loader', 'run_batch', 'save_features']
