"""Former place of `mmavf.checkpoints.conversion`, for one version."""

import warnings

from mmavf.checkpoints.conversion import (
    convert_encoders,
    convert_state_dict,
    is_related_model,
    mmavf_to_released,
    released_to_mmavf,
)

__all__ = ['convert_encoders', 'convert_state_dict', 'is_related_model', 'mmavf_to_released', 'released_to_mmavf']

warnings.warn('mmavf.models.conversion is now mmavf.checkpoints.conversion', FutureWarning, stacklevel=2)
