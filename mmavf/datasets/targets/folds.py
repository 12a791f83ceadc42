"""Folds that follow a rule, for the column `fold` of a list."""

from collections.abc import Sequence

from sklearn.model_selection import StratifiedKFold

from mmavf.errors import ConfigError

# data set → for each fold the first and the last number that it holds (of actors, groups, sessions)
BLOCKS: dict[str, tuple[tuple[int, int], ...]] = dict(
    crema_d6=((1001, 1018), (1019, 1036), (1037, 1054), (1055, 1072), (1073, 1091)),
    crema_d4=((1001, 1018), (1019, 1036), (1037, 1054), (1055, 1072), (1073, 1091)),
    ravdess=tuple((first, first + 3) for first in range(1, 22, 4)),
    werewolf_xl=tuple((first, first + 5) for first in range(1, 26, 6)),
    msp_improv=tuple((session, session) for session in range(1, 7)),
    iemocap=tuple((session, session) for session in range(1, 6)),
)
AVCAFFE_TEST = tuple(
    f'aiim{number:03d}' for number in (1, 2, 13, 14, 43, 44, 53, 54, 57, 58, 63, 64, 67, 68, 77, 78, 99, 100, 107, 108)
)


def fold_of(name: str, number: int) -> str:
    """Return the fold that holds an actor (CREMA-D, RAVDESS), group (Werewolf-XL) or session (IEMOCAP, MSP-IMPROV).

    Args:
        name: Name of the data set.
        number: Number of the actor, group or session.

    Raises:
        ConfigError: The set's folds follow no such rule, or no fold holds the number.
    """
    for fold, (first, last) in enumerate(BLOCKS.get(name, ()), start=1):
        if first <= number <= last:
            return str(fold)
    rule = f'its folds hold {BLOCKS[name]}' if name in BLOCKS else f'there are rules for {", ".join(BLOCKS)}'
    raise ConfigError(f'{name}: no fold holds {number}; {rule}')


def seeded_folds(ids: Sequence[str], labels: Sequence[str], number: int = 5, seed: int = 0) -> list[str]:
    """Draw folds for a set without published ones, each with the same share of every class.

    The result depends on the set of clips and the seed alone, not on the order of the list.

    Args:
        ids: Ids of the clips.
        labels: Their classes.
        number: Folds.
        seed: Decides which.

    Returns:
        The fold of each clip, '1' to str(number).
    """
    order = sorted(range(len(ids)), key=ids.__getitem__)
    folds = [''] * len(ids)
    splitter = StratifiedKFold(number, shuffle=True, random_state=seed)
    parts = splitter.split(order, [labels[i] for i in order])
    for fold, (_, test) in enumerate(parts, start=1):
        for place in test:
            folds[order[place]] = str(fold)
    return folds
