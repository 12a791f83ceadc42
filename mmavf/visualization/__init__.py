"""Pictures of what models do."""

from .reconstruction import Reconstruction, input_in_data_units, reconstruct, token_map, undo_target, unpatchify
from .reconstruction_sheet import draw_reconstruction_sheet, film_strip

__all__ = [
    'Reconstruction',
    'draw_reconstruction_sheet',
    'film_strip',
    'input_in_data_units',
    'reconstruct',
    'token_map',
    'undo_target',
    'unpatchify',
]
