"""Former place of `mmavf.checkpoints.conversion`, for one version."""

import warnings

from mmavf.checkpoints.conversion import (
    convert_state_dict,
    mmavf_to_released,
    released_to_mmavf,
)

__all__ = ['convert_state_dict', 'mmavf_to_released', 'released_to_mmavf']

warnings.warn('mmavf.models.conversion is now mmavf.checkpoints.conversion', FutureWarning, stacklevel=2)
