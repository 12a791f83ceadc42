"""Results of an ablation: scores of the variants, and how they compare on the same resampled clips."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmavf.errors import ListError
from mmavf.evaluation import PredictionMetric, Predictions, pool
from mmavf.evaluation.functional import (
    classification_resamples,
    draw_units,
    interval,
    mean_of_resamples,
    paired_differences,
    regression_resamples,
)
from mmavf.evaluation.functional.paired_bootstrap import Resampled
from mmavf.registry import METRICS

from .fold_results import aggregate

RESAMPLES = 2000
Tests = Mapping[int, Sequence[Predictions]]  # of each seed, the tests of all folds


def summarise(
    scores: Mapping[str, Mapping[int, Mapping[str, float]]],
    tests: Mapping[str, Tests],
    evaluator: Mapping | Sequence[Mapping],
    is_mean: bool,
) -> dict[str, Any]:
    """Put the variants' results side by side.

    The bootstrap draws subjects where all clips have one, else clips, the same ones for all variants, seeds and folds.
    It says what another sample of people or clips might have given; seeds are averaged, not drawn.

    Args:
        scores: {variant: {seed: {score: result over folds}}}; a variant without results has no seeds. Those that have
            are compared with the first of them.
        tests: {variant: {seed: predictions of each fold}}, the same seeds.
        evaluator: `test_evaluator` of the configs.
        is_mean: Whether the result is the mean over folds; else the folds' predictions are scored as one test.

    Returns:
        Plain values: `unit` ('subject' or 'clip'), `num_units`, `num_clips`, `variants` {variant: {score: `mean` and
        `std` over seeds (None of one), `num_seeds`, `interval`}}, `reference` (name of the first) and `differences`
        {variant: {score: `difference`, `interval`, `share` of resamples in which the variant's score is higher}}.

    Raises:
        ListError: Variants or seeds were tested on other clips.
    """
    metrics = _metrics(evaluator)
    grouped = any(metric.group_by for metric in metrics)
    known = {name: _judged(by_seed, grouped) for name, by_seed in tests.items() if by_seed}
    if not known:
        return dict(unit=None, num_units=0, num_clips=0, variants={}, reference=None, differences={})
    units = Units(_check_same_clips(known))
    draws = draw_units(len(units.index), RESAMPLES)
    names = {score for metric in metrics for score in metric.metrics}
    resampled = {name: _resample(by_seed, units, draws, is_mean) for name, by_seed in known.items()}
    variants = {
        name: {key: row for key, row in _describe(scores[name], resampled[name]).items() if key in names}
        for name in known
    }
    reference, *others = known
    return dict(
        unit=units.kind,
        num_units=len(units.index),
        num_clips=units.num_clips,
        variants=variants,
        reference=reference,
        differences={
            name: _compare(variants[name], variants[reference], resampled[name], resampled[reference])
            for name in others
        },
    )


class Units:
    """What the bootstrap draws: subjects where all clips have one, else clips.

    Args:
        folds: Predictions of all folds.
    """

    def __init__(self, folds: Sequence[Predictions]) -> None:
        self.kind = 'clip' if any('' in fold.subject for fold in folds) else 'subject'
        self.num_clips = sum(map(len, folds))
        self.index = {
            name: index for index, name in enumerate(sorted({n for fold in folds for n in self._names(fold)}))
        }

    def of(self, clips: Predictions) -> np.ndarray:
        """Return the index of each clip's unit, (N,)."""
        return np.array([self.index[name] for name in self._names(clips)])

    def _names(self, clips: Predictions) -> list[tuple[str, str]]:
        names = clips.subject if self.kind == 'subject' else clips.ids
        return list(zip(clips.source, names, strict=True))


def _judged(by_seed: Tests, grouped: bool) -> dict[int, list[Predictions]]:
    return {seed: [fold.merged() if grouped else fold for fold in folds] for seed, folds in by_seed.items()}


def _metrics(evaluator: Mapping | Sequence[Mapping]) -> list[PredictionMetric]:
    built = [METRICS.build(dict(cfg)) for cfg in ([evaluator] if isinstance(evaluator, Mapping) else evaluator)]
    return [metric for metric in built if isinstance(metric, PredictionMetric)]


def _check_same_clips(tests: Mapping[str, Tests]) -> Sequence[Predictions]:
    """Return the tests of the first variant and seed, once all others are of the same clips with the same labels."""
    runs = [(f'{name}, seed {seed}', folds) for name, by_seed in tests.items() for seed, folds in by_seed.items()]
    first, expected = runs[0]
    for name, folds in runs[1:]:
        if [_labels(fold) for fold in folds] != [_labels(fold) for fold in expected]:
            raise ListError(
                f'{name} was tested on other clips or labels than {first}, so they cannot be compared. Test all '
                'variants on one list.'
            )
    return expected


def _labels(fold: Predictions) -> dict[tuple[str, str], Any]:
    """Return the label of each clip by its source and id."""
    return dict(zip(zip(fold.source, fold.ids, strict=True), fold.known_labels.tolist(), strict=True))


def _resample(by_seed: Tests, units: Units, draws: np.ndarray, is_mean: bool) -> Resampled:
    """Return the scores of each resample, (R,): the mean over seeds of the result over folds."""
    of_seeds = []
    for folds in by_seed.values():
        parts = list(folds) if is_mean else [pool(folds)]
        of_seeds.append(mean_of_resamples([_resample_part(part, units.of(part), draws) for part in parts]))
    return mean_of_resamples(of_seeds)


def _resample_part(part: Predictions, unit: np.ndarray, draws: np.ndarray) -> Resampled:
    if part.is_classification:
        return classification_resamples(part.known_labels, part.decisions, len(part.names), unit, draws)
    return regression_resamples(part.known_labels, part.scores, unit, draws)


def _describe(by_seed: Mapping[int, Mapping[str, float]], resampled: Resampled) -> dict[str, Any]:
    return {
        key: dict(mean=spread.mean, std=spread.std, num_seeds=spread.num_folds, interval=list(interval(resampled[key])))
        for key, spread in aggregate(list(by_seed.values())).items()
        if key in resampled
    }


def _compare(ours: Mapping, theirs: Mapping, resampled: Resampled, reference: Resampled) -> dict[str, Any]:
    gaps = paired_differences(resampled, reference)
    return {
        key: dict(
            difference=ours[key]['mean'] - theirs[key]['mean'],
            interval=[gaps[key].low, gaps[key].high],
            share=gaps[key].share,
        )
        for key in ours
        if key in theirs
    }
