"""Pictures of what models do."""

from .embedding import draw_classes, draw_values, tsne
from .features import Features, collect_features, save_features
from .reconstruction import Reconstruction, input_in_data_units, reconstruct, token_map, undo_target, unpatchify
from .reconstruction_sheet import draw_reconstruction_sheet, film_strip

__all__ = [
    'Features',
    'Reconstruction',
    'collect_features',
    'draw_classes',
    'draw_reconstruction_sheet',
    'draw_values',
    'film_strip',
    'input_in_data_units',
    'reconstruct',
    'save_features',
    'token_map',
    'tsne',
    'undo_target',
    'unpatchify',
]
