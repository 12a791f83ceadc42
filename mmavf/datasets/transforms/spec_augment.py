"""Masking of the log-mel over frequency and time."""

from mmcv.transforms import BaseTransform
from torchaudio.transforms import FrequencyMasking, TimeMasking

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SpecAugment(BaseTransform):
    """Set one band of mel bins and one stretch of time of each view to the mean (SpecAugment, arXiv 1904.08779).

    The widths are drawn evenly from 0 to the argument; 0, the default and what the released recipe uses, masks nothing.

    Required and changed keys: `audio` ((V, M, F) float32, normalised log-mel).

    Args:
        freq_mask: Mel bins that are masked at most.
        time_mask: Frames of 10 ms that are masked at most.

    Raises:
        ConfigError: One is negative.
    """

    def __init__(self, freq_mask: int = 0, time_mask: int = 0) -> None:
        if min(freq_mask, time_mask) < 0:
            raise ConfigError(f'SpecAugment: widths must not be negative, not {freq_mask} and {time_mask}')
        self.freq_mask = FrequencyMasking(freq_mask, iid_masks=True)
        self.time_mask = TimeMasking(time_mask, iid_masks=True)

    def transform(self, results: dict) -> dict:
        """Mask the log-mel of `results`."""
        mel = results['audio'][:, None].mT  # (V, M, F) -> (V, 1, F, M): masks are drawn per view
        results['audio'] = self.time_mask(self.freq_mask(mel)).mT[:, 0].contiguous()  # -> (V, M, F)
        return results
