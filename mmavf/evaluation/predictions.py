"""Predictions of a model for the clips of a test, and their files."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmavf.checkpoints.safe_globals import load_from_local
from mmavf.checkpoints.weights import check_finite
from mmavf.errors import CheckpointError, ConfigError, ListError
from mmavf.files.atomic_file import write_atomically

from .prediction_table import read_table, table_text

ORIGIN_KEYS = ('subject', 'fold', 'source', 'group')
ARRAYS = ('labels', 'scores')
TEXTS = ('ids', 'names', *ORIGIN_KEYS)
TASKS = ('classification', 'regression')


@dataclass(frozen=True)
class Predictions:
    """Scores of N clips, each once, and their labels where they have any.

    Attributes:
        ids: The clips' names.
        labels: (N,) int64 class indices, or (N, K) float64 numbers to regress; None of clips without labels.
        scores: (N, K) float64: probabilities of K classes, or K regressed numbers.
        names: Of the K classes or dimensions.
        subject: Of each clip; '' where the list has none, as in the three below.
        fold: Of each clip.
        source: Data set that each clip comes from.
        group: Of each clip: those of one group are judged as one, by `merged`.
        task: 'classification' or 'regression'; only needed without labels, which otherwise determine it.
    """

    ids: tuple[str, ...]
    labels: np.ndarray | None
    scores: np.ndarray
    names: tuple[str, ...]
    subject: tuple[str, ...]
    fold: tuple[str, ...]
    source: tuple[str, ...]
    group: tuple[str, ...]
    task: str = ''

    def __post_init__(self) -> None:
        if self.labels is not None:
            task = 'classification' if self.labels.ndim == 1 else 'regression'
            object.__setattr__(self, 'task', task)
        elif self.task not in TASKS:
            raise ConfigError(f'Predictions without labels need a task of {TASKS}, not {self.task!r}.')

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.ids)

    @property
    def people(self) -> tuple[str, ...]:
        """The subject of each clip, told apart by data set, as one name may be two people's."""
        return tuple(f'{source}\n{subject}' for source, subject in zip(self.source, self.subject, strict=True))

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted, rather than numbers."""
        return self.task == 'classification'

    @property
    def known_labels(self) -> np.ndarray:
        """The labels, where something is to be compared with them.

        Raises:
            ConfigError: There are none.
        """
        if self.labels is None:
            raise ConfigError('The predictions have no labels, so they cannot be scored.')
        return self.labels

    @property
    def decisions(self) -> np.ndarray:
        """What is compared with labels: the class with the highest score, the first of equals, or the numbers."""
        return self.scores.argmax(axis=1) if self.is_classification else self.scores

    def select(self, rows: Sequence[int] | np.ndarray) -> 'Predictions':
        """Return the clips with these places."""
        labels = None if self.labels is None else self.labels[rows]
        texts: dict[str, Any] = {key: tuple(getattr(self, key)[row] for row in rows) for key in ('ids', *ORIGIN_KEYS)}
        return replace(self, labels=labels, scores=self.scores[rows], **texts)

    def merged(self) -> 'Predictions':
        """Average the scores of each group of a source; the group's name becomes the id.

        Raises:
            ListError: The list has no groups, or the clips of a group differ in their label.
        """
        if '' in self.group:
            raise ListError(
                f'{self.ids[self.group.index("")]}: no group. To judge groups the list needs a column group.'
            )
        _, first, member = np.unique(
            [f'{source}\n{group}' for source, group in zip(self.source, self.group, strict=True)],
            return_index=True,
            return_inverse=True,
        )
        self._check_groups(first[member])
        sums = np.zeros((len(first), len(self.names)))
        np.add.at(sums, member, self.scores)
        one_each = self.select(first)
        return replace(one_each, ids=one_each.group, scores=sums / np.bincount(member)[:, None])

    def _check_groups(self, representative: np.ndarray) -> None:
        """Make sure that each clip has the label of the one that stands for its group, (N,) rows."""
        if self.labels is None:
            return
        unlike = (self.labels != self.labels[representative]).reshape(len(self), -1).any(axis=1)
        if unlike.any():
            groups = sorted({self.group[row] for row in np.flatnonzero(unlike)})
            raise ListError(f'The clips of one group must share their label; those of {", ".join(groups[:10])} do not.')

    def save(self, path: str | Path) -> None:
        """Write a file that `load` reads; the name should end in .pkl. It holds tensors and plain values alone."""
        buffer = io.BytesIO()
        values: dict[str, Any] = {key: list(getattr(self, key)) for key in TEXTS}
        values['scores'] = torch.from_numpy(self.scores)
        if self.labels is None:
            values['task'] = self.task
        else:
            values['labels'] = torch.from_numpy(self.labels)
        torch.save(dict(predictions=values), buffer)
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> 'Predictions':
        """Read what `save` wrote; nothing in the file is executed.

        Raises:
            CheckpointError: The file is missing, damaged, another program's, or a table.
        """
        if Path(path).suffix.lower() == '.csv':
            raise CheckpointError(
                f'{path} is a table, without the subjects, folds and groups that scores may need: pass the '
                'predictions.pkl that mmavf test wrote beside it.'
            )
        content = load_from_local(str(path))
        values = content.get('predictions') if isinstance(content, dict) else None
        of_labels = {'labels'} if isinstance(values, dict) and 'labels' in values else {'task'}
        if not isinstance(values, dict) or values.keys() != {*TEXTS, 'scores', *of_labels}:
            raise CheckpointError(f'{path} holds no predictions: pass a predictions.pkl of mmavf test.')
        try:
            arrays: dict[str, Any] = {key: values[key].numpy() for key in ARRAYS if key in values}
            texts: dict[str, Any] = {key: tuple(values[key]) for key in TEXTS}
            read = cls(**dict(labels=None) | arrays | texts, task=values.get('task', ''))
        except (TypeError, AttributeError, ConfigError) as error:
            raise CheckpointError(f'{path} holds no predictions as mmavf test writes them: {error}') from error
        check_finite({key: values[key] for key in ARRAYS if key in values}, str(path), 'predictions')
        parts = [*arrays.values(), *(texts[key] for key in TEXTS if key != 'names')]
        if any(len(part) != len(read) for part in parts):
            raise CheckpointError(f'{path} holds predictions of which some are missing: write them anew by mmavf test.')
        return read

    def to_csv(self, path: str | Path) -> None:
        """Write one row per clip: id, label, prediction, one score per class.

        Of a regression: id, then label_<name> and prediction_<name> of each dimension. Without labels, the columns of
        labels are left out.
        """
        write_atomically(path, table_text(self))

    @classmethod
    def from_csv(cls, path: str | Path) -> 'Predictions':
        """Read what `to_csv` wrote; subjects, folds, sources and groups are not in it.

        Raises:
            ListError: The file cannot be read or has other columns.
        """
        values = read_table(path)
        blank: dict[str, Any] = dict.fromkeys(ORIGIN_KEYS, ('',) * len(values['ids']))
        return cls(**values, **blank)


def pool(parts: Sequence[Predictions]) -> Predictions:
    """Return the clips of several tests as one, such as those of all folds.

    Raises:
        ListError: They differ in classes or dimensions, some have no labels, or a clip is in two of them.
    """
    if len({part.names for part in parts}) > 1:
        raise ListError(f'Predictions for different classes or dimensions: {sorted({part.names for part in parts})}.')
    if len({part.labels is None for part in parts}) > 1:
        raise ListError('Predictions with and without labels cannot be pooled.')
    counts = Counter(key for part in parts for key in zip(part.source, part.ids, strict=True))
    twice = sorted(clip for (_, clip), count in counts.items() if count > 1)
    if twice:
        raise ListError(f'{len(twice)} clips are in two of the tests, among them {", ".join(twice[:10])}.')
    labels = None if parts[0].labels is None else np.concatenate([part.labels for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    texts: dict[str, Any] = {key: sum((getattr(part, key) for part in parts), ()) for key in ('ids', *ORIGIN_KEYS)}
    return replace(parts[0], labels=labels, scores=scores, **texts)
