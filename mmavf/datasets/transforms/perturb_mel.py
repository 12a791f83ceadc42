"""Another voice saying the same: the log-mel at another pitch, speed and loudness."""

import torch
import torch.nn.functional as F
from mmcv.transforms import BaseTransform

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PerturbMel(BaseTransform):
    """Move the log-mel of each view along mel, stretch and move it in time, and make it louder or softer, at random.

    A few hundred recordings are of a few voices; a model that has heard them at one pitch and speed only learns the
    voices. Each change is drawn evenly, up to its argument either way, and values between bins and frames are
    interpolated (vocal tract length perturbation, Jaitly and Hinton 2013; speed perturbation, Ko et al. 2015). What
    comes in at an edge repeats it. 0, the default, changes nothing.

    Required and changed keys: `audio` ((V, M, F) float32, normalised log-mel).

    Args:
        shift: Mel bins.
        stretch: By what share, below 1, it is read faster or slower, and by what share of half a window earlier or
            later.
        gain: Loudness, in units of the normalised log-mel.

    Raises:
        ConfigError: An argument is negative, or `stretch` not below 1.
    """

    def __init__(self, shift: float = 0, stretch: float = 0.0, gain: float = 0.0) -> None:
        if min(shift, stretch, gain) < 0 or stretch >= 1:
            raise ConfigError('PerturbMel: shift and gain must not be negative, and stretch within [0, 1)')
        self.shift = shift
        self.stretch = stretch
        self.gain = gain

    def transform(self, results: dict) -> dict:
        """Change the log-mel of `results`."""
        mel = results['audio']  # (V, M, F)
        if self.shift or self.stretch:
            mel = _resampled(mel, *self._draw_places(len(mel), mel.shape[2]))
        if self.gain:
            mel = mel + _evenly(len(mel), self.gain)[:, None, None]
        results['audio'] = mel
        return results

    def _draw_places(self, views: int, bins: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Draw how far to read along mel and time, and how fast, each (V,); lengths in halves of an axis."""
        return (
            _evenly(views, self.shift * 2 / bins),
            _evenly(views, self.stretch),
            1 + _evenly(views, self.stretch),
        )


def _evenly(count: int, most: float) -> torch.Tensor:
    return torch.empty(count).uniform_(-most, most)


def _resampled(mel: torch.Tensor, mel_offset: torch.Tensor, offset: torch.Tensor, speed: torch.Tensor) -> torch.Tensor:
    """Read (V, M, F) at speed * place + offset along time and place + mel_offset along mel."""
    zeros, ones = torch.zeros_like(speed), torch.ones_like(speed)
    # rows are the axes of grid_sample: x = mel, y = time
    maps = torch.stack((ones, zeros, mel_offset, zeros, speed, offset), dim=1).view(-1, 2, 3)
    grid = F.affine_grid(maps, [len(mel), 1, *mel.shape[1:]], align_corners=False)
    return F.grid_sample(mel[:, None], grid, padding_mode='border', align_corners=False)[:, 0]
