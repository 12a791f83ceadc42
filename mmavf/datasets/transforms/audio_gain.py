"""Random loudness."""

from math import inf

import numpy as np
from mmcv.transforms import BaseTransform

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomGain(BaseTransform):
    """Multiply each waveform by 0.5 + Beta(alpha, alpha), a gain in (0.5, 1.5). For training only.

    Required and changed keys: `waveforms` (list of V arrays (N,), float32).

    Args:
        alpha: Both parameters of the beta distribution; the larger, the closer the gains are to 1.

    Raises:
        ConfigError: `alpha` is not positive.
    """

    def __init__(self, alpha: float = 10.0) -> None:
        if not 0 < alpha < inf:
            raise ConfigError(f'RandomGain: alpha must be positive, not {alpha}; leave the step out for no gain')
        self.alpha = alpha

    def transform(self, results: dict) -> dict:
        """Scale the waveforms of `results`."""
        gains = 0.5 + np.random.beta(self.alpha, self.alpha, size=len(results['waveforms']))
        pairs = zip(results['waveforms'], gains, strict=True)
        results['waveforms'] = [waveform * np.float32(gain) for waveform, gain in pairs]
        return results
