"""Figures of what models do, and the report over runs."""

from .embedding import draw_classes, draw_embedding, draw_points, draw_values, tsne
from .reconstruction import Reconstruction, input_in_data_units, reconstruct, token_map, undo_target, unpatchify
from .reconstruction_sheet import draw_reconstruction_sheet, film_strip
from .timeline_overlay import write_overlay
from .timeline_picture import draw_timeline

__all__ = [
    'Reconstruction',
    'draw_classes',
    'draw_embedding',
    'draw_points',
    'draw_reconstruction_sheet',
    'draw_timeline',
    'draw_values',
    'film_strip',
    'input_in_data_units',
    'reconstruct',
    'token_map',
    'tsne',
    'undo_target',
    'unpatchify',
    'write_overlay',
]
