"""Names of released checkpoints."""

from .avfmae_names import convert_state_dict, mmavf_to_released, released_to_mmavf
from .related_names import convert_encoders, is_related_model

__all__ = ['convert_encoders', 'convert_state_dict', 'is_related_model', 'mmavf_to_released', 'released_to_mmavf']
