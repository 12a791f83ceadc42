"""Figures of what models do, and the report over runs."""

from .attention_rollout import attention_maps, rollout
from .embedding import draw_classes, draw_embedding, draw_points, draw_values, tsne
from .heat import heat, overlay_map
from .reconstruction import Reconstruction, input_in_data_units, reconstruct, token_map, undo_target, unpatchify
from .reconstruction_sheet import draw_reconstruction_sheet, film_strip
from .timeline_overlay import write_overlay
from .timeline_picture import draw_timeline

__all__ = [
    'Reconstruction',
    'attention_maps',
    'draw_classes',
    'draw_embedding',
    'draw_points',
    'draw_reconstruction_sheet',
    'draw_timeline',
    'draw_values',
    'film_strip',
    'heat',
    'input_in_data_units',
    'overlay_map',
    'reconstruct',
    'rollout',
    'token_map',
    'tsne',
    'undo_target',
    'unpatchify',
    'write_overlay',
]
