"""Regression head.

Shapes: B clips, V views of a clip, D channels of the pooled feature, K numbers to predict.
"""

from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

from .linear_head import LinearHead, label_of, mean_over_views

MSE = dict(type='RegressionMSELoss')


@MODELS.register_module()
class RegressionHead(LinearHead):
    """Numbers such as valence and arousal, without an activation.

    Args:
        in_channels: Channels D of the pooled feature; set by the recognizer.
        num_outputs: Numbers K.
        loss: The loss or its configuration; it takes predictions and targets, both (B * V, K).
        dropout: See `LinearHead`.
        init_scale: See `LinearHead`.
        num_members: See `LinearHead`.
    """

    def __init__(
        self,
        in_channels: int,
        num_outputs: int,
        loss: dict | nn.Module = MSE,
        dropout: float = 0.0,
        init_scale: float | None = None,
        num_members: int = 1,
    ) -> None:
        super().__init__(in_channels, num_outputs, loss, dropout, init_scale, num_members)

    def target(self, data_sample: AVDataSample) -> Tensor:
        """Return the clip's `gt_label`, float32 (K,).

        Raises:
            ListError: The clip has no label.
            ConfigError: Its label is not K numbers.
        """
        label = label_of(data_sample)
        if label.shape != (self.fc.out_features,):
            raise ConfigError(
                f'clip {data_sample.get("sample_id")} has a label of shape {tuple(label.shape)}, but the model '
                f'predicts {self.fc.out_features} numbers: set as many label_columns in the data set'
            )
        return label

    def predict(self, outputs: Tensor, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Set `pred_value`, float32 (K,): the mean over the views' outputs."""
        values = mean_over_views(self.combined(outputs).float(), len(data_samples))
        for sample, value in zip(data_samples, values, strict=True):
            sample.pred_value = value
        return data_samples
