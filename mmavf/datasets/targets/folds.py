"""Folds by rule, for the column `fold` of a list."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import cast

from mmavf.errors import ConfigError, ListError

from ..labels import ClassLabels
from .cards import CARDS

# data set → first and last number (of actors, groups, sessions) of each fold
BLOCKS: dict[str, tuple[tuple[int, int], ...]] = dict(
    crema_d6=((1001, 1018), (1019, 1036), (1037, 1054), (1055, 1072), (1073, 1091)),
    crema_d4=((1001, 1018), (1019, 1036), (1037, 1054), (1055, 1072), (1073, 1091)),
    ravdess=tuple((first, first + 3) for first in range(1, 22, 4)),
    werewolf_xl=tuple((first, first + 5) for first in range(1, 26, 6)),
    msp_improv=tuple((session, session) for session in range(1, 7)),
    iemocap=tuple((session, session) for session in range(1, 6)),
    enterface05=((1, 10), (11, 19), (20, 28), (29, 37), (38, 44)),
)
AVCAFFE_TEST = tuple(
    f'aiim{number:03d}' for number in (1, 2, 13, 14, 43, 44, 53, 54, 57, 58, 63, 64, 67, 68, 77, 78, 99, 100, 107, 108)
)
AVCAFFE_SUBJECT = re.compile(r'aiim\d{3}')
# data sets with official folds, and where to find these
OFFICIAL = dict(
    mafw11='Train_Test_Set/single/no_caption/set_<fold>/{train,test}.txt of MAFW',
    mafw43='the set_<fold> folders of the compound part of Train_Test_Set of MAFW',
    dfew='EmoLabel_DataSplit/{train,test}(single-labeled)/set_<fold>.csv of DFEW',
    ferv39k='4_setups/All_scenes of FERV39k: test_All.csv is `test`, train_All.csv is `train`',
    mer_multi='the label files of MER2023: test1-label.csv is `test`, train-label.csv is `train`',
)


def folds_by_rule(name: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the fold of each row of a set's list, by the rule on its card.

    Args:
        name: Name of a card.
        rows: Rows of the list by column; `subject` is needed, for MER24 `id` and `label`.

    Raises:
        ConfigError: The set does not exist, or its folds follow no rule: they are in a file of its owners, which the
            message names, or its subjects are held out one at a time.
        ListError: A row lacks what the rule needs, or its subject is in no fold; the first such row is named.
    """
    if name not in CARDS:
        raise ConfigError(f'there is no target data set {name!r}; choose from {", ".join(CARDS)}')
    if name in OFFICIAL:
        raise ConfigError(f'{name}: its folds are official. Copy them to the column fold from {OFFICIAL[name]}.')
    if CARDS[name].folds.column == 'subject':
        raise ConfigError(
            f'{name}: its subjects are held out one at a time, by the column subject; no folds are needed.'
        )
    if name == 'mer24':
        return seeded_folds(_column(rows, 'id'), _class_names(name, _column(rows, 'label')))
    subjects = _column(rows, 'subject')
    if name in BLOCKS:
        return [_fold_of_subject(name, subject, row) for row, subject in enumerate(subjects, start=1)]
    return [_part_of_avcaffe(name, subject, row) for row, subject in enumerate(subjects, start=1)]


def _column(rows: Sequence[Mapping[str, str]], column: str) -> list[str]:
    values = [row.get(column) or '' for row in rows]
    if '' in values:
        raise ListError(f'row {values.index("") + 1} of the list has no {column}, which determines its fold')
    return values


def _class_names(name: str, labels: Sequence[str]) -> list[str]:
    """Return the names of labels, which lists may give as numbers, so that the folds are the same for both."""
    classes = CARDS[name].classes
    reader = ClassLabels(classes)
    names = []
    for row, label in enumerate(labels, start=1):
        try:
            names.append(classes[cast(int, reader.read([label]))])
        except ValueError as error:
            raise ListError(f'row {row} of the list: {error}') from error
    return names


def _fold_of_subject(name: str, subject: str, row: int) -> str:
    numbers = re.findall(r'\d+', subject)
    if len(numbers) != 1:
        raise ListError(f'{_subject_of(name, subject, row)}: it must contain exactly one number')
    try:
        return fold_of(name, int(numbers[0]))
    except ConfigError as error:
        raise ListError(f'{_subject_of(name, subject, row)}: {error}') from error


def _part_of_avcaffe(name: str, subject: str, row: int) -> str:
    if not AVCAFFE_SUBJECT.fullmatch(subject):  # a participant spelt differently would be trained on although held out
        raise ListError(f'{_subject_of(name, subject, row)}: it is spelt differently')
    return 'test' if subject in AVCAFFE_TEST else 'train'


def _subject_of(name: str, subject: str, row: int) -> str:
    return f'row {row} of the list: subject {subject!r} ({CARDS[name].subjects})'


def fold_of(name: str, number: int) -> str:
    """Return the fold that holds an actor (CREMA-D, RAVDESS), subject (eNTERFACE05), group or session (others).

    Args:
        name: Name of the data set.
        number: Number of the actor, subject, group or session.

    Raises:
        ConfigError: The set's folds do not follow such a rule, or no fold holds the number.
    """
    for fold, (first, last) in enumerate(BLOCKS.get(name, ()), start=1):
        if first <= number <= last:
            return str(fold)
    rule = f'its folds are {BLOCKS[name]}' if name in BLOCKS else f'there are rules for {", ".join(BLOCKS)}'
    raise ConfigError(f'{name}: no fold holds {number}; {rule}')


def seeded_folds(ids: Sequence[str], labels: Sequence[str], number: int = 5, seed: int = 0) -> list[str]:
    """Draw folds for a set without published ones, with the same share of each class in each fold.

    The clips of a class are distributed in the order of a hash of their ids, so that the result depends only on the
    clips and the seed, not on the order of the list or a library's random numbers. If a clip is missing from the list,
    the folds of others change too.

    Args:
        ids: Ids of the clips.
        labels: Their classes.
        number: Folds.
        seed: Seed of the draw.

    Returns:
        The fold of each clip, '1' to str(number).
    """
    order = sorted(range(len(ids)), key=lambda i: (labels[i], sha256(f'{seed} {ids[i]}'.encode()).digest()))
    folds = [''] * len(ids)
    for place, i in enumerate(order):
        folds[i] = str(place % number + 1)
    return folds
