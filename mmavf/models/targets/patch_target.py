"""Reconstruction targets: normalised patches, with the frame-difference option for video.

Shapes: B batch, m tokens asked for, P values of a patch.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..layers import take_patches


@MODELS.register_module()
class PatchTarget(nn.Module):
    """Values of the requested patches that a decoder has to predict; computed on the device in float32.

    The input's normalisation is undone, each patch is standardised per channel over its positions (unbiased variance,
    1e-6 added to the deviation), and with `frame_difference` the second frame of each tubelet becomes the second minus
    the first (in the released programs, not in the paper).

    Args:
        patch_size: (frames, rows, columns) or (time steps, mel bins).
        mean: Mean that the data preprocessor subtracted, per channel; None if the input is not to be changed.
        std: Deviation that it divided by.
        normalize: Whether patches are standardised.
        frame_difference: Whether later frames of a tubelet are replaced by the difference to the one before.

    Raises:
        ConfigError: A frame difference without an axis of at least two frames, or a patch of a single value to be
            standardised.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        patch_size: Sequence[int] = (2, 16, 16),
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        normalize: bool = True,
        frame_difference: bool = False,
    ) -> None:
        super().__init__()
        if frame_difference and (len(patch_size) != 3 or patch_size[0] < 2):
            raise ConfigError(f'a frame difference needs patches of two or more frames, not {tuple(patch_size)}')
        if normalize and math.prod(patch_size) < 2:
            raise ConfigError(
                f'patches of {tuple(patch_size)} hold one value per channel, whose variance is undefined: choose '
                'larger patches or set normalize=False'
            )
        self.patch_size = tuple(patch_size)
        self.normalize = normalize
        self.frame_difference = frame_difference
        self.undo = mean is not None
        if self.undo:
            self.register_buffer('mean', torch.tensor(mean, device='cpu')[:, None], persistent=False)
            self.register_buffer('std', torch.tensor(std, device='cpu')[:, None], persistent=False)

    @torch.no_grad()
    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        """Return targets (B, m, P) of the patches `ids` (B, m) of a clip `(B, channels, *size)`.

        Values are in the order (frame, row, column, channel), as the released decoders predict them.
        """
        patches = take_patches(x, self.patch_size, ids).float()  # (B, m, channels, *patch)
        patches = patches.flatten(3)  # (B, m, channels, positions)
        if self.undo:
            patches = patches * self.std + self.mean
        if self.normalize:
            # by hand: four times as fast as torch.std_mean on a CPU
            patches = patches - patches.mean(dim=3, keepdim=True)
            variance = patches.square().sum(dim=3, keepdim=True) / (patches.shape[3] - 1)
            patches = patches / (variance.sqrt() + 1e-6)
        patches = patches.transpose(2, 3)  # (B, m, positions, channels)
        if self.frame_difference:
            frames = patches.unflatten(2, (self.patch_size[0], -1))  # (B, m, frames, rows * columns, channels)
            patches = torch.cat((frames[:, :, :1], frames.diff(dim=2)), dim=2)
        return patches.flatten(2)
