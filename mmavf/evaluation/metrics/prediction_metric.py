"""Base of the metrics that score predictions."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from mmengine.evaluator import BaseMetric

from mmavf.errors import ConfigError
from mmavf.evaluation.predictions import Predictions
from mmavf.evaluation.records import check_label, from_records, gather_records, to_record

Interval = tuple[float, float]


class Scored(NamedTuple):
    """Predictions and their scores by one metric.

    Attributes:
        judged: Predictions that were compared with labels: the clips, or groups of them averaged (`group_by`).
        whole: Scores of all of it.
        parts: {source: scores} of each data set's clips; empty without `part_by`.
    """

    judged: Predictions
    whole: dict[str, float]
    parts: dict[str, dict[str, float]]

    def flat(self) -> dict[str, float]:
        """Return all scores in one dictionary, those of a part as `<source>_<score>`."""
        of_parts = {f'{source}_{name}': value for source, part in self.parts.items() for name, value in part.items()}
        return self.whole | of_parts


class PredictionMetric(BaseMetric):
    """Scores of the predictions of all processes, each clip once, and their bootstrap intervals.

    In a training's validation `evaluate` gives the scores alone; intervals are asked for where a test is reported.

    Args:
        names: Of classes or dimensions; None takes the evaluated data set's classes.
        metrics: Scores to compute.
        key: The score that is the result, such as for choosing a checkpoint.
        group_by: 'group' averages the scores of each group of the list before anything is compared.
        part_by: 'source' adds the scores of each source's clips, named `<source>_<score>`.
        resamples: Bootstrap resamples; 0 leaves intervals out.
        resample_by: Unit of the draws, 'clip' or 'subject': whole subjects give wider and more honest intervals where a
            subject's clips are alike.
        seed: Of the bootstrap.

    Attributes:
        scored: Predictions and scores of the last `evaluate`.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    default_prefix = ''  # scores keep their plain names; MMEngine warns of None
    for_classes: bool
    available: Sequence[str] = ()
    with_interval: Sequence[str] = ()

    def __init__(
        self,
        names: Sequence[str] | None,
        metrics: Sequence[str],
        key: str,
        group_by: Literal['group'] | None = None,
        part_by: Literal['source'] | None = None,
        resamples: int = 1000,
        resample_by: Literal['clip', 'subject'] = 'clip',
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.scored: Scored | None = None
        self._gathered: Predictions | None = None
        if resamples < 0:
            raise ConfigError(f'{type(self).__name__}: resamples must be 0 or more, not {resamples}.')
        for argument, value, allowed in (
            ('group_by', group_by, (None, 'group')),
            ('part_by', part_by, (None, 'source')),
            ('resample_by', resample_by, ('clip', 'subject')),
            ('key', key, tuple(metrics)),
            *(('metrics', name, tuple(self.available)) for name in metrics),
        ):
            if value not in allowed:
                raise ConfigError(f'{type(self).__name__}: {argument} has {value!r}; choose from {allowed}.')
        self.names = names
        self.metrics = tuple(metrics)
        self.key = key
        self.group_by = group_by
        self.part_by = part_by
        self.resamples = resamples
        self.resample_by = resample_by
        self.seed = seed

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of one batch.

        Raises:
            ConfigError: A sample has no label, or several.
        """
        for sample in data_samples:
            check_label(sample)
        self.results += [to_record(sample) for sample in data_samples]

    def gather(self) -> Predictions:
        """Return what `process` has kept on all processes; `evaluate` scores the same and then forgets it.

        Raises:
            ConfigError: No clip was evaluated, or predictions and names differ in number.
        """
        if self._gathered is None:
            self._gathered = from_records(gather_records(self.results), self._names())
        return self._gathered

    def evaluate(self, size: int) -> dict[str, float]:
        """Return the scores of all processes' predictions, the same on each; `size` is not needed."""
        self.scored = self.score_all(self.gather())
        self.reset()
        return self.scored.flat()

    def reset(self) -> None:
        """Forget what `process` has kept."""
        self._gathered = None
        self.results.clear()

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Return the scores of gathered records."""
        return self.score_all(from_records(results, self._names())).flat()

    def score_all(self, predictions: Predictions) -> Scored:
        """Score predictions: all of them and, with `part_by`, those of each source.

        Raises:
            ConfigError: They have no labels, are for other classes or dimensions, or are classes where the metric is
                for numbers.
        """
        self._check_fit(predictions)
        judged = predictions.merged() if self.group_by else predictions
        whole = dict(self.score_part(judged))
        return Scored(judged, whole, {name: dict(self.score_part(part)) for name, part in self._parts(judged).items()})

    def intervals(self, scored: Scored) -> dict[str, Interval]:
        """Return 95 % intervals of those scores that have one, under the names of `Scored.flat`.

        Raises:
            ConfigError: Subjects are to be drawn and the list has none.
        """
        if not self.resamples:
            return {}
        intervals = dict(self.intervals_of_part(scored.judged))
        for source, part in self._parts(scored.judged).items():
            intervals |= {f'{source}_{name}': bounds for name, bounds in self.intervals_of_part(part).items()}
        return intervals

    @abstractmethod
    def score_part(self, predictions: Predictions) -> dict[str, float]:
        """Return the scores of these clips."""

    @abstractmethod
    def intervals_of_part(self, predictions: Predictions) -> dict[str, Interval]:
        """Return 95 % intervals of the scores of these clips."""

    def _names(self) -> Sequence[str]:
        theirs = (self.dataset_meta or {}).get('classes')
        if self.for_classes and self.names is not None and theirs is not None and list(self.names) != list(theirs):
            raise ConfigError(
                f'{type(self).__name__} is for the classes {", ".join(self.names)}, the evaluated data set for '
                f'{", ".join(theirs)}: give both the same names in the same order.'
            )
        names = self.names or theirs
        if names is None:
            raise ConfigError(
                f'{type(self).__name__}: neither the metric nor the data set names classes or dimensions.'
            )
        return names

    @abstractmethod
    def details(self, judged: Predictions) -> dict:
        """Return what a report says beside scores, as plain values, of the predictions that were judged."""

    def _check_fit(self, predictions: Predictions) -> None:
        if self.for_classes != predictions.is_classification:
            kinds = ('classes', 'numbers') if self.for_classes else ('numbers', 'classes')
            raise ConfigError(f'{type(self).__name__} scores {kinds[0]}, but the predictions are {kinds[1]}.')
        if self.names is not None and tuple(self.names) != predictions.names:
            raise ConfigError(
                f'The predictions are for {", ".join(predictions.names)}, {type(self).__name__} is for '
                f'{", ".join(self.names)}: configuration and predictions do not belong together.'
            )

    def _parts(self, judged: Predictions) -> dict[str, Predictions]:
        """Return the predictions of each source; none where sources are not scored."""
        if not self.part_by:
            return {}
        sources = np.array(judged.source)
        return {name: judged.select(np.flatnonzero(sources == name)) for name in sorted(set(judged.source))}

    def _bootstrap(self, predictions: Predictions) -> dict:
        """Arguments of the bootstrap functions."""
        if self.resample_by == 'subject' and '' in predictions.subject:
            raise ConfigError(
                f"{type(self).__name__}: resample_by='subject' needs a list with the column subject; "
                f'{predictions.ids[predictions.subject.index("")]} has none.'
            )
        units = None if self.resample_by == 'clip' else predictions.people
        return dict(
            scores=[name for name in self.metrics if name in self.with_interval],
            units=units,
            resamples=self.resamples,
            seed=self.seed,
        )
