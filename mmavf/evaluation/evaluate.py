"""Scores of predictions that lie in a file or come from several tests."""

from collections.abc import Mapping, Sequence

from mmengine.logging import MMLogger

from mmavf.errors import ConfigError
from mmavf.registry import METRICS

from .finite import finite_scores
from .metrics import PredictionMetric
from .predictions import Predictions


def evaluate(predictions: Predictions, evaluator: Mapping | Sequence[Mapping]) -> dict:
    """Score predictions as a configuration's evaluator does after a test.

    Args:
        predictions: Of one test, or of several (see `pool`).
        evaluator: `test_evaluator` of a configuration: a metric's config, or several. Only this package's metrics
            score predictions; others are left out, with a warning.

    Returns:
        Plain values: `num_clips`, `num_groups` where groups of clips are scored, `key` (name of the score that stands
        for the result), `metrics` {name: number, or None where it is not finite}, `intervals` {name: [low, high]} of
        95 %, `parts` {source: {name: number}} where each source is scored, and `classes` with `confusion_matrix`, or
        `dims`.

    Raises:
        ConfigError: Two metrics have one name for a score, or the predictions are for other classes.
    """
    metrics = [METRICS.build(dict(cfg)) for cfg in ([evaluator] if isinstance(evaluator, Mapping) else evaluator)]
    result = dict(num_clips=len(predictions), key=None, metrics={}, intervals={})
    for metric in metrics:
        if not isinstance(metric, PredictionMetric):
            MMLogger.get_current_instance().warning(f'{type(metric).__name__} cannot score a file: it is left out.')
            continue
        metric.check_fit(predictions)
        if metric.group_by:
            result['num_groups'] = len(predictions.merged())
        scores = finite_scores(metric.score(predictions))
        if twice := scores.keys() & result['metrics'].keys():
            raise ConfigError(f'Two metrics give {", ".join(sorted(twice))}: leave one out.')
        result['key'] = result['key'] or metric.key
        result['metrics'] |= scores
        result['intervals'] |= {name: list(bounds) for name, bounds in metric.intervals(predictions).items()}
        if metric.part_by:
            for source, part in metric.score_by_part(predictions)[1].items():
                result.setdefault('parts', {}).setdefault(source, {}).update(finite_scores(part))
        result |= metric.details(predictions)
    return result
