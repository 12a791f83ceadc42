"""Data preprocessor of video and audio.

Shapes: B batch, V views, T frames, H rows, W columns.
"""

from collections.abc import Callable, Sequence

import torch
from einops import rearrange
from mmengine.model import BaseDataPreprocessor

from mmavf.registry import MODELS

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@MODELS.register_module()
class AVDataPreprocessor(BaseDataPreprocessor):
    """Move a batch to the device, fold views into the batch, normalise the frames, and in training mix clips.

    Frames are transferred as bytes and become floating point here, a quarter of the traffic between worker, memory and
    device. Labels stay on the host: heads stack them first and copy once.

    Args:
        mean: Per channel (red, green, blue), for pixels in [0, 1].
        std: Per channel.
        non_blocking: Whether copies to the device may be asynchronous; effective only with pinned memory.
        batch_augment: What mixes the clips of a training batch, such as `MixupCutmix`, or its config.

    Attributes:
        normalization: Mean and deviation of each modality that is normalised.
    """

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        non_blocking: bool = True,
        batch_augment: dict | Callable | None = None,
    ) -> None:
        super().__init__(non_blocking=non_blocking)
        self.normalization = dict(video=(tuple(mean), tuple(std)))
        self.register_buffer('scale', 1 / (255 * torch.tensor(std, device='cpu')), persistent=False)
        self.register_buffer(
            'shift', -torch.tensor(mean, device='cpu') / torch.tensor(std, device='cpu'), persistent=False
        )
        self.batch_augment = MODELS.build(batch_augment) if isinstance(batch_augment, dict) else batch_augment

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data: `inputs` with `video`, uint8 (B, V, T, H, W, 3), RGB, and `audio`, float32 (B, V, time, mel); either
                may be missing. `data_samples`, a list of B.
            training: Whether the model trains: then `batch_augment` acts, on the device.

        Returns:
            `inputs` with `video`, float32 (B * V, 3, T, H, W), and `audio`, float32 (B * V, 1, time, mel);
            `data_samples` as given, or with mixed labels.
        """
        inputs = dict(self.cast_data(data['inputs']))
        prepared = {**data, 'inputs': inputs}
        if 'video' in inputs:
            inputs['video'] = inputs['video'] * self.scale + self.shift  # uint8 to float32
        if training and self.batch_augment is not None:
            inputs, prepared['data_samples'] = self.batch_augment(inputs, data['data_samples'])
        if 'video' in inputs:
            inputs['video'] = rearrange(inputs['video'], 'b v t h w c -> (b v) c t h w')  # a view
        if 'audio' in inputs:
            inputs['audio'] = rearrange(inputs['audio'], 'b v time mel -> (b v) 1 time mel')
        return {**prepared, 'inputs': inputs}
