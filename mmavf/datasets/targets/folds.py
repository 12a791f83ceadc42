"""Folds that follow a rule, for the column `fold` of a list."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from mmavf.errors import ConfigError, ListError

from .cards import CARDS

# data set → for each fold the first and the last number that it holds (of actors, groups, sessions)
BLOCKS: dict[str, tuple[tuple[int, int], ...]] = dict(
    crema_d6=((1001, 1018), (1019, 1036), (1037, 1054), (1055, 1072), (1073, 1091)),
    crema_d4=((1001, 1018), (1019, 1036), (1037, 1054), (1055, 1072), (1073, 1091)),
    ravdess=tuple((first, first + 3) for first in range(1, 22, 4)),
    werewolf_xl=tuple((first, first + 5) for first in range(1, 26, 6)),
    msp_improv=tuple((session, session) for session in range(1, 7)),
    iemocap=tuple((session, session) for session in range(1, 6)),
)
# data set → numbers of the participants that are for testing, the official validation part
FIXED_TEST: dict[str, tuple[int, ...]] = dict.fromkeys(
    ('avcaffe_arousal', 'avcaffe_valence'),
    (1, 2, 13, 14, 43, 44, 53, 54, 57, 58, 63, 64, 67, 68, 77, 78, 99, 100, 107, 108),
)


def fold_of(name: str, number: int) -> str:
    """Return the fold that holds an actor (CREMA-D, RAVDESS), group (Werewolf-XL) or session (IEMOCAP, MSP-IMPROV).

    Of a set with a fixed test part (AVCAffe, by participant) it is 'test' or 'train'.

    Args:
        name: Name of the data set.
        number: Number of the actor, group, session or participant.

    Raises:
        ConfigError: The set's folds follow no such rule, or no fold holds the number.
    """
    if name in FIXED_TEST:
        return 'test' if number in FIXED_TEST[name] else 'train'
    for fold, (first, last) in enumerate(BLOCKS.get(name, ()), start=1):
        if first <= number <= last:
            return str(fold)
    rule = f'its folds hold {BLOCKS[name]}' if name in BLOCKS else f'there are rules for {", ".join([*BLOCKS, *FIXED_TEST])}'
    raise ConfigError(f'{name}: no fold holds {number}; {rule}')


def seeded_folds(ids: Sequence[str], labels: Sequence[str], number: int = 5, seed: int = 0) -> list[str]:
    """Draw folds for a set without published ones, each with the same share of every class.

    The clips of a class are dealt out in the order of a hash of their ids, so that the result depends on the clips and
    the seed alone: not on the order of the list, nor on a library's random numbers.

    Args:
        ids: Ids of the clips.
        labels: Their classes.
        number: Folds.
        seed: Decides which.

    Returns:
        The fold of each clip, '1' to str(number).
    """
    order = sorted(range(len(ids)), key=lambda i: (labels[i], sha256(f'{seed} {ids[i]}'.encode()).digest()))
    folds = [''] * len(ids)
    for place, i in enumerate(order):
        folds[i] = str(place % number + 1)
    return folds
