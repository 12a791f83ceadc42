"""Classification head.

Shapes: B clips, V views of a clip, D channels of the pooled feature, K classes, M members.
"""

import math

import torch.nn.functional as F
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

from .linear_head import LinearHead, label_of, mean_over_views

SET_CLASSES = (
    'set model.head.num_classes, and model.data_preprocessor.batch_augment.num_classes if clips are mixed, to the '
    "number of the list's classes"
)
CROSS_ENTROPY = dict(type='SoftTargetCrossEntropy', label_smoothing=0.1)


@MODELS.register_module()
class ClassificationHead(LinearHead):
    """One score per class.

    The target of a clip is `gt_score` (K,) if it has one (mixed clips, several labels), else its class `gt_label`.

    Args:
        in_channels: Channels D of the pooled feature; set by the recognizer.
        num_classes: Classes K.
        loss: The loss or its configuration; it takes raw scores and targets, both (B * V, K).
        dropout: See `LinearHead`.
        init_scale: See `LinearHead`.
        num_members: See `LinearHead`; the mean is that of probabilities.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        loss: dict | nn.Module = CROSS_ENTROPY,
        dropout: float = 0.0,
        init_scale: float | None = None,
        num_members: int = 1,
    ) -> None:
        super().__init__(in_channels, num_classes, loss, dropout, init_scale, num_members)

    def target(self, data_sample: AVDataSample) -> Tensor:
        """Return the clip's share of each class, float32 (K,); errors as in `class_scores`."""
        return class_scores(data_sample, self.fc.out_features)

    def mean_of_members(self, outputs: Tensor) -> Tensor:
        """Return scores (B * V, K) whose softmax is the mean of the members' probabilities, of scores (B * V, K, M)."""
        return outputs.float().log_softmax(dim=1).logsumexp(dim=2) - math.log(self.num_members)

    def predict(self, outputs: Tensor, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Set `pred_score`, float32 (K,): softmax of each view's scores, then the mean over views."""
        scores = mean_over_views(self.combined(outputs).float().softmax(dim=-1), len(data_samples))
        for sample, score in zip(data_samples, scores, strict=True):
            sample.pred_score = score
        return data_samples


def class_scores(data_sample: AVDataSample, num_classes: int) -> Tensor:
    """Return a clip's share of each of K classes, float32 (K,): `gt_score`, or 1 for its `gt_label`.

    Raises:
        ListError: The clip has no label.
        ConfigError: Its label is not one of the K classes, or is no class, or the shares are of another number.
    """
    if 'gt_score' in data_sample:
        if len(data_sample.gt_score) != num_classes:
            raise ConfigError(
                f'clip {data_sample.get("sample_id")} has shares of {len(data_sample.gt_score)} classes, not of '
                f'{num_classes}: {SET_CLASSES}'
            )
        return data_sample.gt_score
    label = label_of(data_sample)
    if label.ndim or label.is_floating_point():
        raise ConfigError(
            f'clip {data_sample.get("sample_id")} has numbers for a label, and classes are needed: take a '
            'RegressionHead, and model.data_preprocessor.batch_augment=None'
        )
    try:
        return F.one_hot(label, num_classes).float()
    except RuntimeError as error:
        raise ConfigError(
            f'clip {data_sample.get("sample_id")} has class {label.item()}, but the model has {num_classes} classes, '
            f'from 0: {SET_CLASSES}'
        ) from error
