"""Predictions as a table, for people and spreadsheets."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmavf.errors import ListError

if TYPE_CHECKING:
    from .predictions import Predictions

LABEL, PREDICTION = 'label_', 'prediction_'  # heads of a regression's columns, before the dimension's name


def table_text(predictions: 'Predictions') -> str:
    """Return CSV with one row per clip; see `Predictions.to_csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    header, rows = (_class_rows if predictions.is_classification else _number_rows)(predictions)
    writer.writerow(['id', *header])
    writer.writerows([name, *row] for name, row in zip(predictions.ids, rows, strict=True))
    return text.getvalue()


def read_table(path: str | Path) -> dict[str, Any]:
    """Return `ids`, `labels`, `scores`, `names` and `task` of a table that `table_text` wrote.

    Raises:
        ListError: The file cannot be read or has other columns.
    """
    try:
        with open(path, newline='', encoding='utf-8') as file:
            header, *rows = csv.reader(file)
        values = _read_classes(header, rows) if 'prediction' in header[1:3] else _read_numbers(header, rows)
    except (OSError, ValueError, IndexError) as error:
        raise ListError(f'{path} is not a predictions.csv as mmavf test writes it: {error}') from error
    return dict(values, ids=tuple(row[0] for row in rows))


def _class_rows(predictions: 'Predictions') -> tuple[list[str], list[list]]:
    names = predictions.names
    rows = [
        [names[best], *scores] for best, scores in zip(predictions.decisions, predictions.scores.tolist(), strict=True)
    ]
    if predictions.labels is None:
        return ['prediction', *names], rows
    labelled = [[names[label], *row] for label, row in zip(predictions.labels, rows, strict=True)]
    return ['label', 'prediction', *names], labelled


def _number_rows(predictions: 'Predictions') -> tuple[list[str], list[list]]:
    heads = (PREDICTION,) if predictions.labels is None else (LABEL, PREDICTION)
    columns = [predictions.scores] if predictions.labels is None else [predictions.labels, predictions.scores]
    values = np.stack(columns, axis=2).reshape(len(predictions), -1)  # (N, K, C) → (N, K * C)
    header = [head + name for name in predictions.names for head in heads]
    return header, [[_shortest(value) for value in row] for row in values]


def _read_classes(header: list[str], rows: list[list[str]]) -> dict[str, Any]:
    has_labels = header[1] == 'label'
    first = 3 if has_labels else 2  # column of scores
    if header[first - 1] != 'prediction':
        raise ValueError(f'its columns are {", ".join(header)}')
    names = header[first:]
    labels = np.array([names.index(row[1]) for row in rows]) if has_labels else None
    scores = np.array([row[first:] for row in rows], dtype=np.float64)
    return dict(labels=labels, scores=scores, names=tuple(names), task='classification')


def _read_numbers(header: list[str], rows: list[list[str]]) -> dict[str, Any]:
    columns = 2 if header[1].startswith(LABEL) else 1
    names = tuple(name.removeprefix(PREDICTION) for name in header[columns::columns])
    heads = (LABEL, PREDICTION)[-columns:]
    if header[1:] != [head + name for name in names for head in heads]:
        raise ValueError(f'its columns are {", ".join(header)}')
    values = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), len(names), columns)
    return dict(labels=values[..., 0] if columns == 2 else None, scores=values[..., -1], names=names, task='regression')


def _shortest(value: np.float64) -> str:
    """Write a number; one that was float32, as labels and outputs are, as short as it is in a list."""
    short = np.float32(value)
    return str(short) if short == value else repr(float(value))
