"""A report of runs: what was trained, how good it is, and how runs compare."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import torch

from mmavf.errors import ConfigError
from mmavf.files.markdown import markdown_table
from mmavf.version import __version__

from .report_page import Block, Cell, Picture, Section, Table, render_page
from .report_parts import (
    MAX_CURVES,
    confusion_picture,
    curve_pictures,
    describe,
    missing_folds,
    overlap_allowed,
    read_picture,
    score_tables,
)
from .results import Results
from .scores import NOTHING, best_row, heading, interval, keys_of, mean_cell, of_dimension, over, single

Rows = Mapping[str, Sequence[Results]]

HOW_TO_READ = (
    'Mean ± standard deviation over runs if a row has several, else over folds. Below: the 95 % bootstrap interval of '
    'all predictions of one run. Bold: the best of a column; where intervals overlap, the order may be chance. Compare '
    'figures only within a table: different targets, classes, lists, folds, ways to select the checkpoint and ways to '
    'score have separate tables.'
)


def make_report(rows: Rows, pictures: Sequence[Picture] = (), title: str = 'Evaluation report') -> str:
    """Return the HTML of a report.

    Args:
        rows: Title of each row of the comparison, and its runs: several if they differ only by their seed.
        pictures: Further pictures.
        title: Heading of the page.

    Raises:
        ConfigError: Folds of one work dir were selected, trained or scored in different ways.
    """
    for results in (results for runs in rows.values() for results in runs if results.tests):
        _protocol(results)  # raises before anything is drawn
    sections = []
    if sum(bool(results.tests) for runs in rows.values() for results in runs) > 1:
        sections.append(Section('Comparison', comparison(rows)))
    for name, runs in rows.items():
        for number, results in enumerate(runs, start=1):
            sections.append(run_section(f'{name}, run {number} of {len(runs)}' if len(runs) > 1 else name, results))
    if pictures:
        sections.append(Section('Pictures', [Block(pictures=pictures)]))
    made = f'Made {datetime.now():%Y-%m-%d %H:%M} with mmavf {__version__}, torch {torch.__version__}'
    return render_page(title, made, sections)


def run_section(title: str, results: Results) -> Section:
    """Return the section about one work dir."""
    blocks = [describe(results)]
    if results.tests:
        blocks.append(Block('Scores', tables=score_tables(results), remarks=missing_folds(results)))
    confusion = confusion_picture(results)
    if confusion is not None:
        blocks.append(Block('Confusion matrix', pictures=[confusion]))
    if results.curves:
        left = len(results.curves) - MAX_CURVES
        remarks = [f'The curves of {left} more folds are in their folders.'] if left > 0 else []
        blocks.append(Block('Training', pictures=curve_pictures(results), remarks=remarks))
    if results.pictures:
        blocks.append(Block('Pictures'))
    blocks += [Block(pictures=[read_picture(path, caption)]) for path, caption in results.pictures]
    return Section(title, blocks)


class Conditions(NamedTuple):
    """Conditions that the tests of a run, and runs that are compared, must share."""

    target: str | None
    selection: str | None
    overlap: bool
    classes: tuple[str, ...]
    dims: tuple[str, ...]
    by_group: bool


def comparison(rows: Rows) -> list[Block]:
    """Return one table per target and protocol, so that figures in a column are comparable, and how to read them."""
    groups: dict[tuple, dict[str, list[Results]]] = {}
    for title, runs in rows.items():
        for results in runs:
            if results.tests:
                groups.setdefault(_protocol(results), {}).setdefault(title, []).append(results)
    blocks = [Block(_protocol_title(protocol), tables=[_compare(group)]) for protocol, group in groups.items()]
    return [*blocks, Block(remarks=[HOW_TO_READ])]


def comparison_text(rows: Rows) -> str:
    """Return the tables of `comparison` in Markdown, intervals in brackets; '' if nothing was tested."""
    texts = []
    for block in comparison(rows):
        for table in block.tables:
            cells = [[f'{cell.text} ({cell.note})' if cell.note else cell.text for cell in row] for row in table.rows]
            texts.append(f'{block.title}:\n\n{markdown_table(table.head, cells)}\n')
    return '\n'.join(texts)


def _protocol(results: Results) -> tuple:
    """Return what two runs must share to be compared: how they were selected, trained and scored, and what is tested.

    Raises:
        ConfigError: The folds of the run differ in it.
    """
    shared = {_conditions(test.content): test.fold for test in results.tests}
    if len(shared) > 1:
        (one, fold), (other, another) = list(shared.items())[:2]
        raise ConfigError(
            f'{results.folder}: fold {fold} was selected, trained or scored in another way than fold {another} '
            f'({_difference(one, other)}), so their scores cannot be averaged. Keep them in separate folders.'
        )
    tested = tuple((test.fold, tuple(sorted(test.content['test']['lists'].values()))) for test in results.tests)
    return *shared, tested


def _conditions(content: Mapping) -> Conditions:
    return Conditions(
        target=(content['training'] or {}).get('target'),
        selection=content['selection'],
        overlap=overlap_allowed(content),
        classes=tuple(content.get('classes', ())),
        dims=tuple(content.get('dims', ())),
        by_group='num_groups' in content,
    )


def _difference(one: Conditions, other: Conditions) -> str:
    pairs = zip(Conditions._fields, one, other, strict=True)
    return '; '.join(f'{name} {ours} and {theirs}' for name, ours, theirs in pairs if ours != theirs)


def _protocol_title(protocol: tuple) -> str:
    shared, tested = protocol
    folds = [fold for fold, _ in tested if fold]
    title = f'{shared.target or "Own list"}, {shared.selection or "unknown"} selection of the checkpoint'
    title += f', fold {folds[0]}' if len(folds) == 1 else f', {len(folds)} folds' if folds else ''
    title += f', {len(shared.classes)} classes' if shared.classes else f', {", ".join(shared.dims)}'
    title += ', by group' if shared.by_group else ''
    return title + (', overlap with the training allowed' if shared.overlap else '')


def _compare(rows: Rows) -> Table:
    keys = [key for key in keys_of(results for runs in rows.values() for results in runs) if not of_dimension(key)]
    columns = {key: [_headline(key, runs) for runs in rows.values()] for key in keys}
    best = {key: best_row(key, [value for value, _ in column]) for key, column in columns.items()}
    body = []
    for row, (title, runs) in enumerate(rows.items()):
        cells = [columns[key][row][1]._replace(strong=best[key] == row) for key in keys]
        body.append((Cell(title, _extent(runs)), *cells))
    return Table('', ('Run', *map(heading, keys)), body)


def _extent(runs: Sequence[Results]) -> str:
    """Return what ± is taken over."""
    folds = len(runs[0].tests)
    parts = [f'{len(runs)} runs' if len(runs) > 1 else '', f'{folds} folds' if folds > 1 else '']
    return ' of '.join(part for part in parts if part) or '1 test'


def _headline(key: str, runs: Sequence[Results]) -> tuple[float | None, Cell]:
    """Return the value of a row's score, and its cell."""
    if len(runs) > 1:
        values = [value for value, _ in (_headline(key, [results]) for results in runs) if value is not None]
        return (over(key, values).mean, mean_cell(key, values)) if values else (None, Cell(NOTHING))
    (results,) = runs
    contents = [test.content for test in results.tests if key in test.content['metrics']]
    if not contents:
        return None, Cell(NOTHING)
    pooled = results.pooled
    if results.reports_pooled and pooled:
        return pooled['metrics'][key], single(key, pooled)
    values = [content['metrics'][key] for content in contents]
    if len(values) == 1:
        return values[0], single(key, contents[0])
    if results.reports_pooled:  # but nothing has pooled them: a mean over single subjects is not a result
        return None, Cell(NOTHING)
    return over(key, values).mean, mean_cell(key, values, interval(key, pooled) if pooled else '')
