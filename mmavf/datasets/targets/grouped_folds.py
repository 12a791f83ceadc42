"""Folds of a list of one's own: whole subjects, the classes spread evenly."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from mmavf.errors import ListError
from mmavf.lists.natural_order import natural_order


def grouped_folds(rows: Sequence[Mapping[str, str]], by: str, number: int, seed: int) -> list[str]:
    """Return a fold for each row of a list, '1' to str(number), so that all rows with one value of a column share it.

    scikit-learn's StratifiedGroupKFold deals the values out so that each fold has about the same share of each class
    (column `label`; without it, of all clips). The result does not depend on the order of the rows.

    Args:
        rows: Rows of the list by column.
        by: Column whose values stay together, such as `subject`.
        number: Folds, 2 or more.
        seed: Seed of the draw.

    Raises:
        ListError: A row has no such value, there are fewer values than folds, a fold would be empty, or the training of
            a fold would have no clip of a class.
    """
    values = [row.get(by) or '' for row in rows]
    if '' in values:
        raise ListError(f'row {values.index("") + 1} of the list has no {by}, by which its fold is chosen')
    if len(set(values)) < number:
        raise ListError(f'{number} folds need {number} values of {by} or more; the list has {len(set(values))}')
    labels = [row.get('label') or '' for row in rows]
    folds = _deal(values, labels, number, seed)
    _check_folds(folds, labels, by, number)
    return folds


def _deal(values: Sequence[str], labels: Sequence[str], number: int, seed: int) -> list[str]:
    order = np.array(sorted(range(len(values)), key=lambda row: (values[row], labels[row])))
    groups, classes = np.array(values)[order], np.array(labels)[order]
    splitter = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
    folds = [''] * len(values)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # of a class with fewer clips than folds: `_check_folds` decides
        try:
            splits = list(splitter.split(order, classes, groups))
        except ValueError as error:  # no class has as many clips as there are folds
            raise ListError(f'{number} folds are too many for {len(values)} clips: {error}') from error
    for fold, (_, held_out) in enumerate(splits, start=1):
        for row in order[held_out]:
            folds[row] = str(fold)
    return folds


def _check_folds(folds: Sequence[str], labels: Sequence[str], by: str, number: int) -> None:
    if len(set(folds)) < number:
        raise ListError(f'only {len(set(folds))} of {number} folds would hold clips: use fewer, or another --seed')
    for label in sorted(set(labels), key=natural_order):
        own = {fold for fold, other in zip(folds, labels, strict=True) if other == label}
        if len(own) == 1:
            raise ListError(
                f'all clips of class {label!r} would be in fold {own.pop()}, and its training would have none: use '
                f'another --seed, or collect more values of {by} for this class'
            )
