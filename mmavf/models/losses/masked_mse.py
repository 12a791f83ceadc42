"""Reconstruction loss over masked tokens."""

from torch import Tensor, nn

from mmavf.registry import MODELS


@MODELS.register_module()
class MaskedMSELoss(nn.Module):
    """Mean squared error over the tokens of the whole batch that count, one ratio for all, in float32.

    Args:
        loss_weight: Factor.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compare predictions and targets (B, m, P), each token with its weight (B, m); returns a scalar.

        A weight per token keeps the shapes static: no index depends on how many tokens count.
        """
        per_token = (pred.float() - target).square().mean(dim=-1)  # (B, m)
        return self.loss_weight * (per_token * weight).sum() / weight.sum()
