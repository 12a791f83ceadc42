"""Report of an ablation as Markdown and JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmavf.evaluation.functional import CLASSIFICATION_SCORES
from mmavf.files.atomic_file import write_atomically
from mmavf.files.markdown import markdown_table

from .fold_results import NO_SCORE

NAMES = dict(war='WAR %', uar='UAR %', wa_f1='WA-F1 %', macro_f1='macro F1 %', uf1='UF1 %')

_MODELS_NOTE = (
    'GFLOP: forward. Clips per second of the fine-tunings, median over all intervals of their logs, with reading; runs '
    'at the same time slow each other. Memory: peak of the device, or of the process without one.'
)


def write_ablation(results: Mapping[str, Any], work_dir: Path) -> str:
    """Write ablation.json and ablation.md, each atomically; return the text of the latter."""
    text = ablation_markdown(results)
    write_atomically(work_dir / 'ablation.json', json.dumps(results, indent=2) + '\n')
    write_atomically(work_dir / 'ablation.md', text)
    return text


def ablation_markdown(results: Mapping[str, Any]) -> str:
    """Return the tables of what `summarise` returns.

    Args:
        results: That, with `title`, `folds`, `seeds`, `protocol`, `result` ('mean' or 'pooled'), `paper` {variant:
            {score: figure}}, `models` {variant: figures as of `model_figures`} and `failed` {name of a run: reason}.
    """
    blocks = [f'# {results["title"]}', _conditions(results)]
    if results['failed']:
        reasons = [f'- {name}: {reason}' for name, reason in results['failed'].items()]
        blocks.append(
            '**Incomplete.** Only seeds with all folds count. Runs without a result:\n\n' + '\n'.join(reasons)
        )
    if results['variants']:
        blocks += [_scores(results), _note(results)]
    if results['differences']:
        blocks += [f'Difference from {results["reference"]}:', _differences(results)]
    if results['models']:
        blocks += ['Models as fine-tuned:', _models(results), _MODELS_NOTE]
    return '\n\n'.join(blocks) + '\n'


def _conditions(results: Mapping[str, Any]) -> str:
    protocol, folds, seeds = results['protocol'], results['folds'], results['seeds']
    target = protocol.get('target') or 'Own list'
    over = 'their mean' if results['result'] == 'mean' else 'their predictions scored as one test'
    return (
        f'{target}, checkpoint selection {protocol.get("selection", "strict")}; seeds {", ".join(map(str, seeds))}; '
        f'{len(folds)} folds ({", ".join(folds[:10])}{", …" if len(folds) > 10 else ""}), {over}.'
    )


def _note(results: Mapping[str, Any]) -> str:
    unit, count = results['unit'], results['num_units']
    return (
        'Mean ± sample standard deviation over seeds. In brackets: 95 % percentile interval of the bootstrap over '
        f'{count} {unit}s ({results["num_clips"]} test clips), the same draws for all variants and seeds: what other '
        f'{unit}s might have given. How much a new training differs is shown by the deviation over seeds. Differences: '
        'the share is that of resamples in which the variant scores higher; an interval that holds 0 shows no '
        'difference.'
    )


def _models(results: Mapping[str, Any]) -> str:
    columns = ('parameters', 'gflop', 'clips_per_sec', 'memory')
    forms = ('{:,}', '{:.2f}', '{:.1f}', '{:,.0f}')
    rows = [
        [name, *(form.format(f[key]) if key in f else NO_SCORE for key, form in zip(columns, forms, strict=True))]
        for name, f in results['models'].items()
    ]
    return markdown_table(['variant', 'parameters', 'GFLOP / clip', 'clips / s', 'memory, MiB'], rows)


def _columns(results: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(key for scores in results['variants'].values() for key in scores))


def _scores(results: Mapping[str, Any]) -> str:
    columns, paper = _columns(results), results['paper']
    published = [key for key in columns if any(key in figures for figures in paper.values())]
    rows = []
    for name in {**results['variants'], **paper}:
        scores, figures = results['variants'].get(name, {}), paper.get(name, {})
        cells = [_score(key, scores.get(key)) for key in columns]
        rows.append([name, *cells, *(f'{figures[key]:g}' if key in figures else NO_SCORE for key in published)])
    return markdown_table(['variant', *map(_name, columns), *(f'paper: {_name(key)}' for key in published)], rows)


def _differences(results: Mapping[str, Any]) -> str:
    columns = _columns(results)
    rows = [[name, *(_gap(key, gaps.get(key)) for key in columns)] for name, gaps in results['differences'].items()]
    return markdown_table(['variant', *map(_name, columns)], rows)


def _name(key: str) -> str:
    return NAMES.get(key, key.upper())


def _score(key: str, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return NO_SCORE
    deviation = '' if row['std'] is None else f' ± {_number(key, row["std"])}'
    return f'{_number(key, row["mean"])}{deviation} [{_range(key, row["interval"])}]'


def _gap(key: str, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return NO_SCORE
    bounds = _range(key, row['interval'], '+')
    return f'{_number(key, row["difference"], "+")} [{bounds}], {100 * row["share"]:.0f} % of resamples'


def _range(key: str, bounds: tuple[float, float], sign: str = '') -> str:
    return ' to '.join(_number(key, bound, sign) for bound in bounds)


def _number(key: str, value: float, sign: str = '') -> str:
    return f'{100 * value:{sign}.2f}' if key in CLASSIFICATION_SCORES else f'{value:{sign}.4f}'
