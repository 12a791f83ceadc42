"""Names and formats of scores in tables."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mmavf.experiments.fold_results import Spread, aggregate

from .report_page import Cell
from .results import Results

RANGE = '\u2013'  # from–to
NOTHING = '\u2013'


class Score(NamedTuple):
    """Format of a score of `mmavf.evaluation`.

    Attributes:
        name: Its usual name.
        percent: Whether it is a fraction, written in percent.
        less_is_better: Whether it is an error; None if unknown.
    """

    name: str
    percent: bool = True
    less_is_better: bool | None = False


SCORES = dict(
    war=Score('WAR'),
    uar=Score('UAR'),
    wa_f1=Score('WA-F1'),
    macro_f1=Score('macro F1'),
    uf1=Score('UF1'),
    ccc=Score('CCC', percent=False),
    pcc=Score('PCC', percent=False),
    rmse=Score('RMSE', percent=False, less_is_better=True),
)


def score_of(key: str) -> Score:
    """Return the format of a score: `war`, `<source>_war` or `ccc_<dimension>`; others are written as they are."""
    if key in SCORES:
        return SCORES[key]
    for name, score in SCORES.items():
        if key.startswith(f'{name}_'):
            return score._replace(name=f'{score.name} {key.removeprefix(name + "_")}')
        if key.endswith(f'_{name}'):
            return score._replace(name=f'{score.name} {key.removesuffix("_" + name)}')
    return Score(key, percent=False, less_is_better=None)


def of_dimension(key: str) -> bool:
    """Return whether a score is of a single dimension, such as `ccc_valence`."""
    return any(key.startswith(f'{name}_') for name in SCORES)


def heading(key: str) -> str:
    """Return the heading of a column, with its unit."""
    score = score_of(key)
    return f'{score.name} %' if score.percent else score.name


def number(key: str, value: float | None) -> str:
    """Format a value of the score `key`: percent with two digits, or a number with four; – if there is none."""
    if value is None or math.isnan(value):
        return NOTHING
    return f'{100 * value:.2f}' if score_of(key).percent else f'{value:.4f}'


def single(key: str, result: Mapping) -> Cell:
    """Return a cell with a value of one test and, below, its interval."""
    if key not in result['metrics']:
        return Cell(NOTHING)
    return Cell(number(key, result['metrics'][key]), interval(key, result))


def interval(key: str, result: Mapping) -> str:
    """Format the 95 % interval of a score; '' if there is none."""
    if key not in result['intervals']:
        return ''
    low, high = result['intervals'][key]
    return f'{number(key, low)}{RANGE}{number(key, high)}'


def mean_cell(key: str, values: Sequence[float | None], note: str = '') -> Cell:
    """Return a cell with mean ± standard deviation of several tests or runs."""
    mean, deviation, _ = over(key, values)
    return Cell(number(key, mean) + ('' if deviation is None else f' ± {number(key, deviation)}'), note)


def over(key: str, values: Sequence[float | None]) -> Spread:
    """Return mean and standard deviation over folds or runs, as a cross-validation reports them; NaN without values."""
    return aggregate([{key: value} for value in values]).get(key, Spread(math.nan, None, len(values)))


def keys_of(results: Iterable[Results]) -> list[str]:
    """Return the scores that occur, in the order of their first occurrence."""
    tests = [test.content['metrics'] for result in results for test in result.tests]
    return list(dict.fromkeys(key for metrics in tests for key in metrics))


def best_row(key: str, values: Sequence[float | None]) -> int | None:
    """Return the row that is best by a score; None if fewer than two rows have it, or the score is unknown."""
    known = {row: value for row, value in enumerate(values) if value is not None and not math.isnan(value)}
    less_is_better = score_of(key).less_is_better
    if len(known) < 2 or less_is_better is None:
        return None
    return (min if less_is_better else max)(known, key=known.__getitem__)
