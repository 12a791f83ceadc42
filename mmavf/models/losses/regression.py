"""Losses of the regression head."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.registry import MODELS

_EPS = 1e-8  # the quotient is 0 for predictions and targets that are constant and equal


@MODELS.register_module()
class RegressionMSELoss(nn.Module):
    """Mean squared error over clips and numbers, in float32."""

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Compare (B, K) with (B, K); returns a scalar."""
        return F.mse_loss(pred.float(), target.float())


@MODELS.register_module()
class CCCLoss(nn.Module):
    """1 - concordance correlation coefficient over the batch, averaged over the numbers, in float32.

    Variances and covariance are biased (divided by B). With a single clip they are 0: the loss is then 1
    without gradient, so batches should be large.
    """

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Compare (B, K) with (B, K); returns a scalar in [0, 2]."""
        pred, target = pred.float(), target.float()
        pred_mean, target_mean = pred.mean(dim=0), target.mean(dim=0)  # (K,)
        covariance = ((pred - pred_mean) * (target - target_mean)).mean(dim=0)
        variances = pred.var(dim=0, correction=0) + target.var(dim=0, correction=0)
        return (1 - 2 * covariance / (variances + (pred_mean - target_mean).square() + _EPS)).mean()
