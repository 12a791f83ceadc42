"""Scores of a regressor."""

from collections.abc import Sequence

from mmavf.evaluation.functional import REGRESSION_SCORES, regression_intervals
from mmavf.evaluation.predictions import Predictions
from mmavf.registry import METRICS

from .prediction_metric import Interval, PredictionMetric


@METRICS.register_module()
class RegressionMetric(PredictionMetric):
    """PCC, CCC and RMSE: `<score>_<dimension>` of each dimension, `<score>` their mean.

    Args:
        dims: Names of the dimensions, in the order of the model's outputs.
        metrics: Of pcc, ccc, rmse; CCC has a bootstrap interval.
        key: The score whose mean is the result.
        **kwargs: Of PredictionMetric.
    """

    for_classes = False
    available = tuple(REGRESSION_SCORES)
    with_interval = ('ccc',)

    def __init__(
        self, dims: Sequence[str], metrics: Sequence[str] = ('pcc', 'ccc', 'rmse'), key: str = 'ccc', **kwargs
    ) -> None:
        super().__init__(dims, metrics, key, **kwargs)

    def score_part(self, predictions: Predictions) -> dict[str, float]:
        """Return the scores of these clips."""
        scores = {}
        for name in self.metrics:
            values = REGRESSION_SCORES[name](predictions.known_labels, predictions.scores)  # (K,)
            scores[name] = float(values.mean())
            scores |= {f'{name}_{dim}': float(value) for dim, value in zip(predictions.names, values, strict=True)}
        return scores

    def intervals_of_part(self, predictions: Predictions) -> dict[str, Interval]:
        """Return 95 % intervals of the scores of these clips."""
        found = regression_intervals(predictions.known_labels, predictions.scores, **self._bootstrap(predictions))
        intervals = {}
        for name, (each, of_mean) in found.items():
            intervals[name] = of_mean
            intervals |= {
                f'{name}_{dim}': tuple(bounds) for dim, bounds in zip(predictions.names, each.tolist(), strict=True)
            }
        return intervals

    def details(self, judged: Predictions) -> dict:
        """Return the names of the dimensions."""
        return dict(dims=list(judged.names))
