"""Loss of the classification head."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS


@MODELS.register_module()
class SoftTargetCrossEntropy(nn.Module):
    """Cross-entropy with probability targets, in float32, averaged over the batch.

    Args:
        label_smoothing: Share of each target that is spread evenly over all classes; also of mixed targets, which is
            the same as mixing smoothed ones.
        class_weight: Factor of each class's term. The mean is over clips and not over weights, so weights whose mean
            over the training clips is 1 keep the size of the loss.
    """

    class_weight: Tensor | None

    def __init__(self, label_smoothing: float = 0.1, class_weight: Sequence[float] | None = None) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
        self.register_buffer('class_weight', weight, persistent=False)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compare raw scores (B, K) with probabilities (B, K) that sum to 1; returns a scalar.

        Raises:
            ConfigError: The number of class weights is not K.
        """
        if self.class_weight is not None and len(self.class_weight) != logits.shape[1]:
            raise ConfigError(
                f'SoftTargetCrossEntropy: class_weight has {len(self.class_weight)} weights for {logits.shape[1]} '
                'classes: set one per class, in their order'
            )
        return F.cross_entropy(
            logits.float(), target.float(), weight=self.class_weight, label_smoothing=self.label_smoothing
        )

    def of_constant(self, shares: Tensor) -> float:
        """Return the least loss that the same answer for all clips can have: what a model reaches that looks at none.

        Without weights and with equal shares it is ln K.

        Args:
            shares: (K,) share of each class among the clips, on the host; they sum to 1.
        """
        target = (1 - self.label_smoothing) * shares.double() + self.label_smoothing / len(shares)
        weighted = target if self.class_weight is None else target * self.class_weight.cpu().double()
        return -torch.special.xlogy(weighted, weighted / weighted.sum()).sum().item()
