"""Results of all folds: per fold, mean and deviation, and of all clips as one test.

The mean over folds is the result, or the score of all clips as one test is, as `protocol.result` says.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from mmavf.errors import ConfigError
from mmavf.evaluation import Predictions, evaluate, pool
from mmavf.evaluation.result_files import PREDICTIONS_FILE, read_metrics
from mmavf.files.atomic_file import write_atomically
from mmavf.files.markdown import markdown_table

POOLED_RESULT = 'pooled (the result)'
NO_SCORE = '–'  # NaN or infinite, null in the files


class Spread(NamedTuple):
    """A score over folds.

    Attributes:
        mean: Arithmetic mean of the folds' scores.
        std: Sample standard deviation (divided by folds - 1); None of one fold.
        num_folds: Folds.
    """

    mean: float
    std: float | None
    num_folds: int


def aggregate(per_fold: Sequence[Mapping[str, float | None]]) -> dict[str, Spread]:
    """Return mean and deviation of each score that all folds have as a number, in the first fold's order.

    This is how the field reports folds. A fold counts the same whatever its number of clips.

    Args:
        per_fold: Scores of each fold by name, one fold or more.
    """
    names = [name for name in per_fold[0] if all(scores.get(name) is not None for scores in per_fold)]
    spreads = {}
    for name in names:
        values = np.array([scores[name] for scores in per_fold], dtype=np.float64)
        std = float(values.std(ddof=1)) if len(values) > 1 else None
        spreads[name] = Spread(float(values.mean()), std, len(values))
    return spreads


def collect(
    tests: Mapping[str, Path], evaluator: Mapping | Sequence[Mapping], result: Literal['mean', 'pooled'] = 'mean'
) -> dict[str, Any]:
    """Read the tests of finished folds and put them together.

    Args:
        tests: Folder of each fold's test, with the files that tools/test.py wrote.
        evaluator: `test_evaluator` of the config, by which all clips are scored as one.
        result: Which scores are the result: the mean over folds, or the scores of the pooled predictions.

    Returns:
        Plain values: `folds` {fold: scores}, `pooled` (see `evaluate`), `result` as given,
        `spread` {score: mean, std, num_folds}, empty where the result is pooled, `parts` {source: scores} of the pooled
        clips where they come from several data sets, and `lists`.

    Raises:
        ConfigError: A list was changed between the tests of two folds.
        ListError: A clip was tested in two folds.
    """
    reports = {fold: read_metrics(folder) for fold, folder in tests.items()}
    lists = _common_lists(reports)
    clips = pool([Predictions.load(folder / PREDICTIONS_FILE) for folder in tests.values()])
    pooled = evaluate(clips, evaluator)
    scores = {fold: report['metrics'] for fold, report in reports.items()}
    spread = {}
    if result == 'mean':
        spread = {name: value._asdict() for name, value in aggregate(list(scores.values())).items()}
    parts = pooled.pop('parts', {})
    return dict(folds=scores, spread=spread, pooled=pooled, result=result, parts=parts, lists=lists)


def write_results(results: Mapping[str, Any], work_dir: Path) -> str:
    """Write results.json and results.md, each atomically; return the text of the latter."""
    text = markdown(results)
    for name, content in (('results.json', json.dumps(results, indent=2)), ('results.md', text)):
        write_atomically(work_dir / name, content)
    return text


def markdown(results: Mapping[str, Any]) -> str:
    """Return tables of results: what `collect` returns, with `title`, `protocol` and `failed` {fold: reason}."""
    protocol = results['protocol']
    blocks = [f'# {results["title"]}', f'Checkpoint selection: {protocol.get("selection", "strict")}.']
    if results['failed']:
        reasons = [f'- {fold}: {reason}' for fold, reason in results['failed'].items()]
        blocks.append('**Incomplete.** Folds without a result:\n\n' + '\n'.join(reasons))
    if results['folds']:
        blocks += _score_blocks(results)
    return '\n\n'.join(blocks) + '\n'


def _score_blocks(results: Mapping[str, Any]) -> list[str]:
    parts, spread, pooled = results['parts'], results['spread'], results['pooled']
    of_parts = {f'{source}_{name}' for source, scores in parts.items() for name in scores}
    names = [name for name in pooled['metrics'] if name not in of_parts]
    names = [name for name in names if all(name in scores for scores in results['folds'].values())]
    rows = [[fold, *(_number(scores[name]) for name in names)] for fold, scores in results['folds'].items()]
    is_mean = results['result'] == 'mean'
    if is_mean and len(rows) > 1:  # one fold has no deviation, and its mean is its own row
        rows.append(['mean ± std', *(_with_std(spread.get(name)) for name in names)])
    rows.append(['pooled' if is_mean else POOLED_RESULT, *(_number(pooled['metrics'][name]) for name in names)])
    if pooled['intervals']:
        rows.append(['95 % interval', *(_interval(pooled['intervals'].get(name)) for name in names)])
    note = (
        f'pooled: the {pooled["num_clips"]} predictions of all folds scored as one test, with its bootstrap interval.'
    )
    if is_mean and len(results['folds']) > 1:
        note = f'std: sample standard deviation over {len(results["folds"])} folds (n - 1). {note}'
    elif not is_mean:
        note += ' Scores of single held-out parts are shown for inspection only; their mean is not a result.'
    blocks = [markdown_table(['held out', *names], rows), note]
    if parts:
        columns = list(next(iter(parts.values())))
        rows = [[source, *(_number(scores[name]) for name in columns)] for source, scores in parts.items()]
        blocks += ['Pooled, by data set:', markdown_table(['data set', *columns], rows)]
    return blocks


def _number(score: float | None) -> str:
    return NO_SCORE if score is None else f'{score:.4f}'


def _with_std(spread: Mapping[str, Any] | None) -> str:
    return NO_SCORE if spread is None else f'{spread["mean"]:.4f} ± {spread["std"]:.4f}'


def _interval(bounds: Sequence[float] | None) -> str:
    return '' if bounds is None else f'{bounds[0]:.4f} to {bounds[1]:.4f}'


def _common_lists(reports: Mapping[str, Mapping]) -> dict[str, str]:
    lists: dict[str, str] = {}
    for fold, report in reports.items():
        for name, value in report['test']['lists'].items():
            if lists.setdefault(name, value) != value:
                raise ConfigError(
                    f'{name} was changed between the tests of the folds; fold {fold} has another one than those before '
                    'it. Run all folds anew in another --work-dir.'
                )
    return lists
