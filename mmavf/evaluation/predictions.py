"""What a model said about each clip of a test, and the files it goes to."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmavf.checkpoints.safe_globals import load_from_local
from mmavf.checkpoints.weights import check_finite
from mmavf.errors import CheckpointError, ListError
from mmavf.files.atomic_file import write_atomically

ORIGIN_KEYS = ('subject', 'fold', 'source', 'group')
ARRAYS = ('labels', 'scores')
LABEL, PREDICTION = 'label_', 'prediction_'  # heads of a regression's columns, before the dimension's name


@dataclass(frozen=True)
class Predictions:
    """Labels and scores of N clips, each once.

    Attributes:
        ids: The clips' names.
        labels: (N,) int64 class indices, or (N, K) float64 numbers to regress.
        scores: (N, K) float64: probabilities of K classes, or K regressed numbers.
        names: Of the K classes or dimensions.
        subject: Of each clip; '' where the list has none, as in the three below.
        fold: Of each clip.
        source: Data set that each clip comes from.
        group: Of each clip: those of one group are judged as one, by `merged`.
    """

    ids: tuple[str, ...]
    labels: np.ndarray
    scores: np.ndarray
    names: tuple[str, ...]
    subject: tuple[str, ...]
    fold: tuple[str, ...]
    source: tuple[str, ...]
    group: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.ids)

    @property
    def is_classification(self) -> bool:
        """Whether labels are classes."""
        return self.labels.ndim == 1

    @property
    def decisions(self) -> np.ndarray:
        """What is compared with `labels`: the class with the highest score, the first of equals, or the numbers."""
        return self.scores.argmax(axis=1) if self.is_classification else self.scores

    def select(self, rows: Sequence[int] | np.ndarray) -> 'Predictions':
        """Return the clips with these places."""
        texts = {key: tuple(getattr(self, key)[row] for row in rows) for key in ('ids', *ORIGIN_KEYS)}
        return Predictions(labels=self.labels[rows], scores=self.scores[rows], names=self.names, **texts)

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
        unlike = (self.labels != self.labels[first][member]).reshape(len(self), -1).any(axis=1)
        if unlike.any():
            groups = sorted({self.group[row] for row in np.flatnonzero(unlike)})
            raise ListError(f'The clips of one group must share their label; those of {", ".join(groups[:10])} do not.')
        sums = np.zeros((len(first), len(self.names)))
        np.add.at(sums, member, self.scores)
        one_each = self.select(first)
        texts = {key: getattr(one_each, key) for key in ORIGIN_KEYS}
        scores = sums / np.bincount(member)[:, None]
        return Predictions(ids=one_each.group, labels=one_each.labels, scores=scores, names=self.names, **texts)

    def save(self, path: str | Path) -> None:
        """Write a file that `load` reads; the name should end in .pkl. It holds tensors and plain values alone."""
        buffer = io.BytesIO()
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for key, value in values.items():
            values[key] = torch.from_numpy(value) if isinstance(value, np.ndarray) else list(value)
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
                f'{path} is a table, without the subjects, folds and groups that scores may need: give the '
                'predictions.pkl that tools/test.py wrote beside it.'
            )
        content = load_from_local(str(path))
        values = content.get('predictions') if isinstance(content, dict) else None
        if not isinstance(values, dict) or values.keys() != {field.name for field in fields(cls)}:
            raise CheckpointError(f'{path} holds no predictions: give a predictions.pkl of tools/test.py.')
        try:
            parts: dict[str, Any] = {k: v.numpy() if k in ARRAYS else tuple(v) for k, v in values.items()}
            read = cls(**parts)
        except (TypeError, AttributeError) as error:
            raise CheckpointError(f'{path} holds no predictions as tools/test.py writes them: {error}') from error
        check_finite({key: values[key] for key in ARRAYS}, str(path), 'predictions')
        if {len(getattr(read, field.name)) for field in fields(cls) if field.name != 'names'} != {len(read)}:
            raise CheckpointError(
                f'{path} holds predictions of which some are missing: write them anew by tools/test.py.'
            )
        return read

    def to_csv(self, path: str | Path) -> None:
        """Write one row per clip: id, label, prediction, one score per class.

        Of a regression: id, then label_<name> and prediction_<name> of each dimension.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        if self.is_classification:
            writer.writerow(['id', 'label', 'prediction', *self.names])
            rows = zip(self.ids, self.labels, self.decisions, self.scores.tolist(), strict=True)
            writer.writerows([id_, self.names[label], self.names[best], *row] for id_, label, best, row in rows)
        else:
            writer.writerow(['id', *(head + name for name in self.names for head in (LABEL, PREDICTION))])
            pairs = np.stack([self.labels, self.scores], axis=2).reshape(len(self), -1)  # (N, K, 2) → (N, 2 * K)
            numbers = ([_shortest(value) for value in row] for row in pairs)
            writer.writerows([id_, *row] for id_, row in zip(self.ids, numbers, strict=True))
        write_atomically(path, text.getvalue())

    @classmethod
    def from_csv(cls, path: str | Path) -> 'Predictions':
        """Read what `to_csv` wrote; subjects, folds, sources and groups are not in it.

        Raises:
            ListError: The file cannot be read or has other columns.
        """
        try:
            with open(path, newline='', encoding='utf-8') as file:
                header, *rows = csv.reader(file)
            if header[1:3] == ['label', 'prediction']:
                names = header[3:]
                labels = np.array([names.index(row[1]) for row in rows])
                scores = np.array([row[3:] for row in rows], dtype=np.float64)
            else:
                names = [name.removeprefix(LABEL) for name in header[1::2]]
                pairs = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), len(names), 2)
                labels, scores = pairs[..., 0], pairs[..., 1]
        except (OSError, ValueError, IndexError) as error:
            raise ListError(f'{path} is no predictions.csv as tools/test.py writes it: {error}') from error
        blank = ('',) * len(rows)
        texts = dict.fromkeys(ORIGIN_KEYS, blank)
        return cls(ids=tuple(row[0] for row in rows), labels=labels, scores=scores, names=tuple(names), **texts)


def pool(parts: Sequence[Predictions]) -> Predictions:
    """Return the clips of several tests as one, such as those of all folds.

    Raises:
        ListError: They differ in classes or dimensions, or a clip is in two of them.
    """
    if len({part.names for part in parts}) > 1:
        raise ListError(f'Predictions for different classes or dimensions: {sorted({part.names for part in parts})}.')
    counts = Counter(key for part in parts for key in zip(part.source, part.ids, strict=True))
    twice = sorted(clip for (_, clip), count in counts.items() if count > 1)
    if twice:
        raise ListError(f'{len(twice)} clips are in two of the tests, among them {", ".join(twice[:10])}.')
    arrays: dict[str, Any] = {key: np.concatenate([getattr(part, key) for part in parts]) for key in ARRAYS}
    texts: dict[str, Any] = {key: sum((getattr(part, key) for part in parts), ()) for key in ('ids', *ORIGIN_KEYS)}
    return Predictions(names=parts[0].names, **arrays, **texts)


def _shortest(value: np.float64) -> str:
    """Write a number; one that was float32, as labels and outputs are, as short as it stands in a list."""
    short = np.float32(value)
    return str(short) if short == value else repr(float(value))
