"""Names of released checkpoints."""

from .avfmae_names import AVFMAE
from .families import Family, Marks, convert_state_dict, family_names, find_family, register_family
from .name_table import NameTable

mmavf_to_released = AVFMAE.to_released
released_to_mmavf = AVFMAE.to_ours

__all__ = [
    'Family',
    'Marks',
    'NameTable',
    'convert_state_dict',
    'family_names',
    'find_family',
    'mmavf_to_released',
    'register_family',
    'released_to_mmavf',
]
