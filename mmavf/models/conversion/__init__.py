"""Names of released checkpoints."""

from .avfmae_names import convert_state_dict, mmavf_to_released, released_to_mmavf

__all__ = ['convert_state_dict', 'mmavf_to_released', 'released_to_mmavf']
