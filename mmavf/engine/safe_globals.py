"""Former place of `mmavf.checkpoints.safe_globals`, for one version."""

import warnings

from mmavf.checkpoints.safe_globals import load_from_local

__all__ = ['load_from_local']

warnings.warn('mmavf.engine.safe_globals is now mmavf.checkpoints.safe_globals', FutureWarning, stacklevel=2)
