"""From what the loader yields to what a model eats, on the model's device.

Shapes: B batch, V views, T frames, H rows, W columns.
"""

from collections.abc import Sequence

import torch
from einops import rearrange
from mmengine.model import BaseDataPreprocessor

from mmavf.registry import MODELS

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@MODELS.register_module()
class AVDataPreprocessor(BaseDataPreprocessor):
    """Move a batch without waiting, fold views into the batch, normalise the frames.

    Frames travel as bytes and become floating point here: a quarter of the traffic between worker, memory and device.

    Args:
        mean: Per channel (red, green, blue), for pixels in [0, 1].
        std: Per channel.
        non_blocking: Whether copies to the device may run behind the host; needs pinned memory to have an effect.
    """

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        non_blocking: bool = True,
    ) -> None:
        super().__init__(non_blocking=non_blocking)
        self.register_buffer('scale', 1 / (255 * torch.tensor(std, device='cpu')), persistent=False)
        self.register_buffer(
            'shift', -torch.tensor(mean, device='cpu') / torch.tensor(std, device='cpu'), persistent=False
        )

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data: `inputs` with `video`, uint8 (B, V, T, H, W, 3), RGB, and `audio`, float32 (B, V, time, mel); either
                may be missing. `data_samples`, a list of B, passes through.
            training: Whether the model trains.

        Returns:
            `inputs` with `video`, float32 (B * V, 3, T, H, W), and `audio`, float32 (B * V, 1, time, mel).
        """
        data = self.cast_data(data)
        inputs = dict(data['inputs'])
        if 'video' in inputs:
            video = inputs['video'] * self.scale + self.shift  # uint8 to float32
            inputs['video'] = rearrange(video, 'b v t h w c -> (b v) c t h w')  # a view
        if 'audio' in inputs:
            inputs['audio'] = rearrange(inputs['audio'], 'b v time mel -> (b v) 1 time mel')
        return {**data, 'inputs': inputs}
