"""What the metrics of this package have in common."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from mmengine.evaluator import BaseMetric

from mmavf.errors import ConfigError
from mmavf.evaluation.predictions import Predictions
from mmavf.evaluation.records import from_records, gather_records, to_record

Interval = tuple[float, float]


class PredictionMetric(BaseMetric):
    """Scores of the predictions of all processes, each clip once, and their bootstrap intervals.

    In a training's validation `evaluate` gives the scores alone; intervals are asked for where a test is reported.

    Args:
        names: Of classes or dimensions; None takes the evaluated data set's classes.
        metrics: Scores to compute.
        key: The one that stands for the result, such as for choosing a checkpoint.
        group_by: 'group' averages the scores of each group of the list before anything is compared.
        part_by: 'source' adds the scores of each source's clips, named `<source>_<score>`.
        resamples: Bootstrap resamples; 0 leaves intervals out.
        resample_by: What is drawn, 'clip' or 'subject': whole subjects give wider and more honest intervals where a
            subject's clips are alike.
        seed: Of the bootstrap.

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
                raise ConfigError(f'{type(self).__name__}: {argument} has {value!r}, which is none of {allowed}.')
        self.names = names
        self.metrics = tuple(metrics)
        self.key = key
        self.group_by = group_by
        self.part_by = part_by
        self.resamples = resamples
        self.resample_by = resample_by
        self.seed = seed

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of one batch."""
        self.results += [to_record(sample) for sample in data_samples]

    def gather(self) -> Predictions:
        """Return what `process` has kept on all processes since the last `evaluate`.

        Raises:
            ConfigError: It is nothing, or predictions and names differ in number.
        """
        return from_records(gather_records(self.results), self._names())

    def evaluate(self, size: int) -> dict[str, float]:
        """Return the scores of all processes' predictions, the same on each; `size` is not needed."""
        scores = self.compute_metrics(gather_records(self.results))
        self.results.clear()
        return scores

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Return the scores of gathered records."""
        return self.score(from_records(results, self._names()))

    def score(self, predictions: Predictions) -> dict[str, float]:
        """Return the scores of all clips, and those of each part as `<source>_<score>`."""
        scores, parts = self.score_by_part(predictions)
        for source, part in parts.items():
            scores |= {f'{source}_{name}': value for name, value in part.items()}
        return scores

    def score_by_part(self, predictions: Predictions) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Return the scores of all clips, and of each part those of its clips: {source: scores}, {} without parts."""
        (_, whole), *parts = self._parts(predictions)
        return dict(self.score_part(whole)), {source: dict(self.score_part(part)) for source, part in parts}

    def intervals(self, predictions: Predictions) -> dict[str, Interval]:
        """Return 95 % intervals of those scores of `score` that have one.

        Raises:
            ConfigError: Subjects are to be drawn and the list has none.
        """
        intervals = {}
        for source, part in self._parts(predictions) if self.resamples else ():
            prefix = '' if source is None else f'{source}_'
            intervals |= {prefix + name: bounds for name, bounds in self.intervals_of_part(part).items()}
        return intervals

    def check_fit(self, predictions: Predictions) -> None:
        """Find predictions that are not this metric's.

        Raises:
            ConfigError: They are for other classes or dimensions, or classes where it is for dimensions.
        """
        if self.for_classes != predictions.is_classification:
            raise ConfigError(
                f'{type(self).__name__} is for {"classes" if self.for_classes else "numbers"}, the predictions are not.'
            )
        if self.names is not None and tuple(self.names) != predictions.names:
            raise ConfigError(
                f'The predictions are for {", ".join(predictions.names)}, {type(self).__name__} is for '
                f'{", ".join(self.names)}: configuration and predictions do not belong together.'
            )

    @abstractmethod
    def score_part(self, predictions: Predictions) -> dict[str, float]:
        """Return the scores of these clips."""

    @abstractmethod
    def intervals_of_part(self, predictions: Predictions) -> dict[str, Interval]:
        """Return 95 % intervals of the scores of these clips."""

    def _names(self) -> Sequence[str]:
        names = self.names or (self.dataset_meta or {}).get('classes')
        if names is None:
            raise ConfigError(
                f'{type(self).__name__}: neither the metric nor the data set names classes or dimensions.'
            )
        return names

    @abstractmethod
    def details(self, predictions: Predictions) -> dict:
        """Return what a report says beside numbers, as plain values."""

    def _parts(self, predictions: Predictions) -> Iterator[tuple[str | None, Predictions]]:
        if self.group_by:
            predictions = predictions.merged()
        yield None, predictions
        for source in sorted(set(predictions.source)) if self.part_by else ():
            rows = [row for row, other in enumerate(predictions.source) if other == source]
            yield source, predictions.select(rows)

    def _bootstrap(self, predictions: Predictions) -> dict:
        """Arguments of the bootstrap functions."""
        if self.resample_by == 'subject' and '' in predictions.subject:
            raise ConfigError(
                f"{type(self).__name__}: resample_by='subject' needs a list with the column subject; "
                f'{predictions.ids[predictions.subject.index("")]} has none.'
            )
        units = None if self.resample_by == 'clip' else predictions.subject
        return dict(
            scores=[name for name in self.metrics if name in self.with_interval],
            units=units,
            resamples=self.resamples,
            seed=self.seed,
        )
