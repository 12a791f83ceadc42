"""Classification head.

Shapes: B clips, V views of a clip, D channels of the pooled feature, K classes.
"""

import torch.nn.functional as F
from torch import Tensor

from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

from .linear_head import LinearHead, label_of, mean_over_views

CROSS_ENTROPY = dict(type='SoftTargetCrossEntropy', label_smoothing=0.1)


@MODELS.register_module()
class ClassificationHead(LinearHead):
    """One score per class.

    A clip's target is `gt_score` (K,) where it has one (mixed clips, several labels), else its class `gt_label`.

    Args:
        in_channels: Channels D of the pooled feature; the recognizer sets it.
        num_classes: Classes K.
        loss: Configuration of the loss, which takes raw scores and targets, both (B * V, K).
    """

    def __init__(self, in_channels: int, num_classes: int, loss: dict = CROSS_ENTROPY) -> None:
        super().__init__(in_channels, num_classes, loss)

    def target(self, data_sample: AVDataSample) -> Tensor:
        """Return the clip's probability of each class, float (K,)."""
        if 'gt_score' in data_sample:
            return data_sample.gt_score
        return F.one_hot(label_of(data_sample), self.fc.out_features).float()

    def predict(self, outputs: Tensor, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Set `pred_score`, float32 (K,): softmax of each view's scores, then the mean over views."""
        scores = mean_over_views(outputs.float().softmax(dim=-1), len(data_samples))
        for sample, score in zip(data_samples, scores, strict=True):
            sample.pred_score = score
        return data_samples
