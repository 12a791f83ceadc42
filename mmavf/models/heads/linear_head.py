"""Base of the heads: LayerNorm, one linear layer, labels per view.

Shapes: B clips, V views of a clip, D channels of the pooled feature, K outputs, M members of an ensemble.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError, ListError
from mmavf.structures import AVDataSample

from ..interfaces import Loss, build_part
from ..layers import LAYER_NORM_EPS
from .members import MemberLinear, MemberNorm


class LinearHead(nn.Module, ABC):
    """LayerNorm and a linear layer on the pooled feature; a subclass gives the outputs their meaning.

    Args:
        in_channels: Channels D of the pooled feature.
        out_channels: Outputs K.
        loss: The loss, or its configuration.
        dropout: Probability that a channel of the feature is zero in training, before the linear layer.
        init_scale: Draw the weights from a normal distribution of standard deviation 0.02 times this, with biases 0, as
            MAE-DFER, SVFAP and VideoMAE do (0.001); None for PyTorch's default, as in AVF-MAE++ and HiCMAE.
        num_members: Members M of the encoders, each with a head of its own for its D / M channels; set by the
            recognizer. Each learns by a loss of its own; what comes out in evaluation is their mean.

    Raises:
        ConfigError: They do not divide the channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        loss: dict | nn.Module,
        dropout: float = 0.0,
        init_scale: float | None = None,
        num_members: int = 1,
    ) -> None:
        super().__init__()
        if num_members < 1 or in_channels % num_members:
            raise ConfigError(f'the pooled feature has {in_channels} channels: not those of {num_members} members')
        self.num_members = num_members
        if num_members == 1:
            self.norm: nn.Module = nn.LayerNorm(in_channels, eps=LAYER_NORM_EPS)
            self.fc: Any = nn.Linear(in_channels, out_channels)
        else:
            self.norm = MemberNorm(in_channels, num_members)
            self.fc = MemberLinear(in_channels, out_channels, num_members)
        self.dropout = nn.Dropout(dropout)
        if init_scale is not None:
            nn.init.normal_(self.fc.weight, std=0.02 * init_scale)
            nn.init.zeros_(self.fc.bias)
        self.loss_function = build_part(loss, Loss, 'head.loss')

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map pooled features (B * V, D) to features after the norm (B * V, D) and raw outputs (B * V, K).

        In training, outputs of several members are (B * V, K, M).
        """
        feature = self.norm(x)
        outputs = self.fc(self.dropout(feature))
        return feature, outputs if self.training else self.combined(outputs)

    def loss(self, outputs: Tensor, data_samples: list[AVDataSample]) -> Tensor:
        """Return the loss of raw outputs of B clips, a scalar; every view has its clip's label.

        That of several members is the mean of their losses.

        Args:
            outputs: As `forward` returns them, (B * V, K) or (B * V, K, M).
            data_samples: The B clips' labels.

        Raises:
            ListError: A clip has no label.
        """
        targets = torch.stack([self.target(sample) for sample in data_samples])
        targets = targets.to(outputs.device, non_blocking=True)
        targets = targets.repeat_interleave(len(outputs) // len(data_samples), dim=0)
        if outputs.ndim == 2:
            return self.loss_function(outputs, targets)
        return torch.stack([self.loss_function(own, targets) for own in outputs.unbind(dim=-1)]).mean()

    @abstractmethod
    def target(self, data_sample: AVDataSample) -> Tensor:
        """Return what the outputs of a clip should be, float (K,)."""

    def combined(self, outputs: Tensor) -> Tensor:
        """Return raw outputs (B * V, K) of (B * V, K, M): those of the ensemble; others as they are."""
        return outputs if outputs.ndim == 2 else self.mean_of_members(outputs)

    def mean_of_members(self, outputs: Tensor) -> Tensor:
        """Return raw outputs (B * V, K) whose prediction is the mean of the members', of (B * V, K, M)."""
        return outputs.mean(dim=2)

    @abstractmethod
    def predict(self, outputs: Tensor, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Write the prediction from raw outputs of `forward` into the B clips' data samples and return these."""


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
