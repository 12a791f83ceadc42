"""Scores, intervals and confusion matrix of predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import MMLogger

from mmavf.errors import ConfigError
from mmavf.registry import METRICS

from .finite import finite_scores
from .metrics import PredictionMetric
from .metrics.prediction_metric import Scored
from .predictions import Predictions


def evaluate(predictions: Predictions, evaluator: Mapping | Sequence[Mapping]) -> dict[str, Any]:
    """Score predictions from a file, or of several tests (see `pool`), as a configuration's evaluator does in a test.

    Args:
        predictions: The predictions.
        evaluator: `test_evaluator` of a configuration: a metric's config, or several. Only this package's metrics
            score predictions; others are skipped with a warning.

    Returns:
        See `report`.

    Raises:
        ConfigError: Two metrics have one name for a score, or the predictions are for other classes.
    """
    scored = []
    for cfg in [evaluator] if isinstance(evaluator, Mapping) else evaluator:
        metric = METRICS.build(dict(cfg))
        if isinstance(metric, PredictionMetric):
            scored.append((metric, metric.score_all(predictions)))
        else:
            MMLogger.get_current_instance().warning(f'{type(metric).__name__} cannot score a file: skipped.')
    return report(scored, num_clips=len(predictions))


def report(scored: Sequence[tuple[PredictionMetric, Scored]], num_clips: int) -> dict[str, Any]:
    """Put together what metrics found.

    Args:
        scored: Metrics of one evaluator and their scores of the same clips.
        num_clips: Number of clips.

    Returns:
        Plain values: `num_clips`, `num_groups` where groups of clips are scored, `key` (name of the score that is
        the result), `metrics` {name: number, or None where it is not finite}, `intervals` {name: [low, high]} of
        95 %, `parts` {source: {name: number}} where each source is scored, and `classes` with `confusion_matrix`, or
        `dims`.

    Raises:
        ConfigError: Two metrics have one name for a score.
    """
    result: dict[str, Any] = dict(num_clips=num_clips, key=None, metrics={}, intervals={})
    for metric, found in scored:
        if metric.group_by:
            result['num_groups'] = len(found.judged)
        scores = finite_scores(found.flat())
        if twice := scores.keys() & result['metrics'].keys():
            raise ConfigError(f'Two metrics give {", ".join(sorted(twice))}: leave one out.')
        result['key'] = result['key'] or metric.key
        result['metrics'] |= scores
        result['intervals'] |= {name: list(bounds) for name, bounds in metric.intervals(found).items()}
        for source, part in found.parts.items():
            result.setdefault('parts', {}).setdefault(source, {}).update(finite_scores(part))
        result |= metric.details(found.judged)
    return result
