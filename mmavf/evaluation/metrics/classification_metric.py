"""Scores of a classifier."""

from collections.abc import Sequence

from mmavf.datasets.labels import read_classes
from mmavf.evaluation.functional import CLASSIFICATION_SCORES, classification_intervals, confusion_matrix
from mmavf.evaluation.predictions import Predictions
from mmavf.registry import METRICS

from .prediction_metric import Interval, PredictionMetric


@METRICS.register_module()
class ClassificationMetric(PredictionMetric):
    """WAR, UAR, WA-F1, macro F1 and UF1, in [0, 1].

    UF1 of all held-out subjects is `evaluate` on the pooled predictions of their tests, never a mean over subjects.

    Args:
        classes: Class names in index order, or a text file with one name per line; None takes the data set's.
        metrics: Of war, uar, wa_f1, macro_f1, uf1; all but WA-F1 and macro F1 have bootstrap intervals.
        key: The score that is the result.
        **kwargs: Of PredictionMetric.

    Raises:
        ListError: The text file does not exist.
        ConfigError: An argument has an impossible value.
    """

    for_classes = True
    available = tuple(CLASSIFICATION_SCORES)
    with_interval = ('war', 'uar', 'uf1')

    def __init__(
        self,
        classes: Sequence[str] | str | None = None,
        metrics: Sequence[str] = ('war', 'uar', 'wa_f1', 'macro_f1'),
        key: str = 'uar',
        **kwargs,
    ) -> None:
        super().__init__(None if classes is None else read_classes(classes), metrics, key, **kwargs)

    def score_part(self, predictions: Predictions) -> dict[str, float]:
        """Return the scores of these clips."""
        arguments = predictions.known_labels, predictions.decisions, len(predictions.names)
        return {name: CLASSIFICATION_SCORES[name](*arguments) for name in self.metrics}

    def intervals_of_part(self, predictions: Predictions) -> dict[str, Interval]:
        """Return 95 % intervals of the scores of these clips."""
        return classification_intervals(
            predictions.known_labels, predictions.decisions, len(predictions.names), **self._bootstrap(predictions)
        )

    def details(self, judged: Predictions) -> dict:
        """Return the classes and the confusion matrix, rows = labels."""
        matrix = confusion_matrix(judged.known_labels, judged.decisions, len(judged.names))
        return dict(classes=list(judged.names), confusion_matrix=matrix.tolist())
