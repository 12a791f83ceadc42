"""Base of the heads: LayerNorm, one linear layer, labels per view.

Shapes: B clips, V views of a clip, D channels of the pooled feature, K outputs.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mmavf.errors import ListError
from mmavf.structures import AVDataSample

from ..interfaces import Loss, build_part
from ..layers import LAYER_NORM_EPS


class LinearHead(nn.Module, ABC):
    """LayerNorm and a linear layer on the pooled feature; a subclass gives the outputs their meaning.

    Args:
        in_channels: Channels D of the pooled feature.
        out_channels: Outputs K.
        loss: The loss, or its configuration.
        dropout: Probability that a channel of the feature is zero in training, before the linear layer.
        init_scale: Draw the weights from a normal distribution of standard deviation 0.02 times this, with biases 0, as
            MAE-DFER, SVFAP and VideoMAE do (0.001); None for PyTorch's default, as in AVF-MAE++ and HiCMAE.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        loss: dict | nn.Module,
        dropout: float = 0.0,
        init_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(in_channels, eps=LAYER_NORM_EPS)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(in_channels, out_channels)
        if init_scale is not None:
            nn.init.normal_(self.fc.weight, std=0.02 * init_scale)
            nn.init.zeros_(self.fc.bias)
        self.loss_function = build_part(loss, Loss, 'head.loss')

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map pooled features (B * V, D) to features after the norm (B * V, D) and raw outputs (B * V, K)."""
        feature = self.norm(x)
        return feature, self.fc(self.dropout(feature))

    def loss(self, outputs: Tensor, data_samples: list[AVDataSample]) -> Tensor:
        """Return the loss of raw outputs (B * V, K) of B clips, a scalar; every view has its clip's label.

        Raises:
            ListError: A clip has no label.
        """
        targets = torch.stack([self.target(sample) for sample in data_samples])
        targets = targets.to(outputs.device, non_blocking=True)
        return self.loss_function(outputs, targets.repeat_interleave(len(outputs) // len(data_samples), dim=0))

    @abstractmethod
    def target(self, data_sample: AVDataSample) -> Tensor:
        """Return what the outputs of a clip should be, float (K,)."""

    @abstractmethod
    def predict(self, outputs: Tensor, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Write the prediction from raw outputs (B * V, K) into the B clips' data samples and return these."""


def label_of(data_sample: AVDataSample) -> Tensor:
    """Return a clip's `gt_label`.

    Raises:
        ListError: It has none.
    """
    if 'gt_label' not in data_sample:
        raise ListError(f'clip {data_sample.get("sample_id")} has no label: this stage needs a labelled list')
    return data_sample.gt_label


def mean_over_views(values: Tensor, num_clips: int) -> Tensor:
    """Average (B * V, K) over the views of each of B clips: (B, K)."""
    return values.unflatten(0, (num_clips, -1)).mean(dim=1)  # (B * V, K) -> (B, V, K) -> (B, K)
