import base64
import json
import re
import shutil
import statistics
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from mmengine.logging import MMLogger

from mmavf.errors import ConfigError
from mmavf.visualization.report import comparison_text, make_report
from mmavf.visualization.results import read_results
from mmavf.visualization.scores import best_row, heading, number, score_of
from tests.helpers.results import (
    EVALUATOR,
    LIST,
    make_predictions,
    make_values,
    write_cross_validation,
    write_log,
    write_test,
)
from tests.helpers.tools import run_here

ROOT = Path(__file__).resolve().parents[2]
MICRO = dict(type='ClassificationMetric', metrics=('uf1', 'uar'), key='uf1', resamples=50)
VOID = {'meta', 'img', 'br', 'hr', 'link'}


class Page(HTMLParser):
    """Tags, tables and texts of a page; every tag must be closed in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.tables, self.texts, self._open = [], [], [], []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == 'table':
            self.tables.append([])
        if tag == 'tr':
            self.tables[-1].append([])
        if tag in ('td', 'th'):
            self.tables[-1][-1].append([])

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if not (text := data.strip()) or 'style' in self._open:
            return
        self.texts.append(text)
        if {'td', 'th'} & set(self._open):
            self.tables[-1][-1][-1].append(text)

    def table(self, first):
        """The table with this heading in its corner, as rows of cells of lines."""
        return next(table for table in self.tables if table[0][0] == [first])


def percent(value):
    return f'{100 * value:.2f}'


def bounds(content, key):
    return '–'.join(percent(value) for value in content['intervals'][key])


@pytest.fixture(scope='module')
def compared(tmp_path_factory):
    """Three cross-validations: two that may be compared, and one whose epoch was chosen on the test part."""
    tmp_path = tmp_path_factory.mktemp('compared')
    written = {
        'from <scratch>': write_cross_validation(tmp_path / 'scratch', 0.5),
        'pre-trained & "PSI"': write_cross_validation(tmp_path / 'psi', 2.5),
        'best epoch': write_cross_validation(tmp_path / 'paper', 3.5, selection='paper'),
    }
    folders = ('scratch', 'psi', 'paper')
    rows = {title: [read_results(tmp_path / name)] for title, name in zip(written, folders, strict=True)}
    return rows, written


@pytest.fixture(scope='module')
def html(compared):
    """Their report."""
    return make_report(compared[0], title='A & B <i>')


def test_the_page_is_whole_and_loads_nothing(html):
    page = Page(html)
    assert [tag for tag, _ in page.tags if tag in ('script', 'link', 'iframe', 'object', 'embed', 'base')] == []
    for tag, attributes in page.tags:
        assert not {name for name in attributes if name.startswith('on')}
        assert attributes.get('href', '#').startswith('#')
        if tag == 'img':
            assert attributes['src'].startswith('data:image/png;base64,')
            assert attributes['alt']
    assert not re.search(r'https?://|url\(|@import', html)
    anchors = {attributes['href'][1:] for tag, attributes in page.tags if tag == 'a'}
    assert anchors == {attributes['id'] for _, attributes in page.tags if 'id' in attributes}
    assert len(anchors) == 4


def test_names_are_shown_as_they_are_written(html):
    texts = Page(html).texts
    for name in ('A & B <i>', 'from <scratch>', 'pre-trained & "PSI"'):
        assert name in texts
    assert '<i>' not in html and '<scratch>' not in html


def test_fold_table_has_the_figures_of_the_files(compared):
    rows, written = compared
    page = Page(make_report({'from <scratch>': rows['from <scratch>']}))
    contents, pooled = written['from <scratch>']
    head, *body = page.table('Held out')
    assert head == [['Held out'], ['WAR %'], ['UAR %'], ['WA-F1 %']]
    assert [row[0] for row in body] == [
        ['fold 1', '31 clips'],
        ['fold 2', '32 clips'],
        ['fold 10', '40 clips'],
        ['mean ± std'],
        ['pooled', '103 clips'],
    ]
    for row, content in zip(body, contents.values(), strict=False):
        assert row[1] == [percent(content['metrics']['war']), bounds(content, 'war')]
        assert row[3] == [percent(content['metrics']['wa_f1'])]
    uar = [content['metrics']['uar'] for content in contents.values()]
    assert body[3][2] == [f'{percent(statistics.mean(uar))} ± {percent(statistics.stdev(uar))}']
    assert body[4][2] == [percent(pooled['metrics']['uar']), bounds(pooled, 'uar')]


def test_comparison_keeps_protocols_apart_and_marks_the_best(compared, html):
    _, written = compared
    page = Page(html)
    strict, paper = (table for table in page.tables if table[0][0] == ['Run'])
    assert [row[0] for row in strict[1:]] == [['from <scratch>', '3 folds'], ['pre-trained & "PSI"', '3 folds']]
    assert [row[0] for row in paper[1:]] == [['best epoch', '3 folds']]
    contents, pooled = written['pre-trained & "PSI"']
    war = [content['metrics']['war'] for content in contents.values()]
    expected = f'{percent(statistics.mean(war))} ± {percent(statistics.stdev(war))}'
    assert strict[2][1] == [expected, bounds(pooled, 'war')]
    assert f'<strong>{expected}</strong>' in html
    assert html.count('<strong>') == 3  # the scores of one row


def test_the_comparison_as_text_has_the_figures_of_the_page(compared, html):
    lines = [line for line in comparison_text(compared[0]).splitlines() if line.startswith('| ')]
    tables = [table for table in Page(html).tables if table[0][0] == ['Run']]
    shown = [[cell.strip() for cell in line[2:-2].split(' | ')] for line in lines]
    assert shown == [
        [' '.join([cell[0], *(f'({note})' for note in cell[1:])]) for cell in row] for table in tables for row in table
    ]


def test_comparison_keeps_other_folds_and_other_lists_apart(tmp_path):
    write_test(tmp_path / 'a/test', make_predictions(1.0, '1'), '1')
    write_test(tmp_path / 'b/test', make_predictions(2.0, '1'), '1')
    write_test(tmp_path / 'other fold/test', make_predictions(1.0, '2'), '2')
    content = write_test(tmp_path / 'other list/test', make_predictions(1.0, '1'), '1')
    content['test']['lists'] = {LIST: 'ef' * 32}
    (tmp_path / 'other list/test/metrics.json').write_text(json.dumps(content))
    rows = {name: [read_results(tmp_path / name)] for name in ('a', 'b', 'other fold', 'other list')}
    page = Page(make_report(rows))
    compared = [[row[0][0] for row in table[1:]] for table in page.tables if table[0][0] == ['Run']]
    assert compared == [['a', 'b'], ['other fold'], ['other list']]
    assert 'toy, strict selection of the checkpoint, fold 2, 3 classes' in page.texts


def test_runs_of_one_title_are_averaged_over_seeds(tmp_path):
    war = []
    for seed in range(3):
        content = write_test(tmp_path / str(seed) / 'test', make_predictions(1.0 + seed, '1'), '1')
        war.append(content['metrics']['war'])
    runs = [read_results(tmp_path / str(seed)) for seed in range(3)]
    single = write_test(tmp_path / 'other/test', make_predictions(1.0, '4'), '1')
    page = Page(make_report({'ours': runs, 'other': [read_results(tmp_path / 'other')]}))
    _, ours, other = page.table('Run')
    assert ours[:2] == [['ours', '3 runs'], [f'{percent(statistics.mean(war))} ± {percent(statistics.stdev(war))}']]
    assert other[:2] == [['other', '1 test'], [percent(single['metrics']['war']), bounds(single, 'war')]]
    assert {f'ours, run {number} of 3' for number in (1, 2, 3)} <= set(page.texts)


def test_micro_expressions_are_compared_by_pooled_scores(tmp_path):
    rows = {}
    for name, skill in (('a', 1.0), ('b', 2.0)):
        _, pooled = write_cross_validation(tmp_path / name, skill, evaluator=MICRO, result='pooled')
        rows[name] = [read_results(tmp_path / name)]
    last = Page(make_report(rows)).table('Run')[-1]
    assert last[1] == [percent(pooled['metrics']['uf1']), bounds(pooled, 'uf1')]


def test_single_subjects_have_no_mean(tmp_path):
    contents, pooled = write_cross_validation(tmp_path / 'a', 1.0, column='subject')
    write_cross_validation(tmp_path / 'b', 2.0, column='subject')
    page = Page(make_report({name: [read_results(tmp_path / name)] for name in 'ab'}))
    assert [row[0][0] for row in page.table('Held out')[1:]][-2:] == ['fold 10', 'pooled (the result)']
    assert page.table('Run')[1][1] == [percent(pooled['metrics']['war']), bounds(pooled, 'war')]
    assert not any('±' in cell for table in page.tables for row in table for column in row for cell in column)


def test_regression_has_plain_numbers_and_only_means_are_compared(tmp_path):
    evaluator = dict(type='RegressionMetric', dims=('arousal', 'valence'), resamples=50)
    content = write_test(tmp_path / 'a/test', make_values(), '', evaluator)
    results = read_results(tmp_path / 'a')
    page = Page(make_report({'a': [results], 'b': [results]}))
    assert page.table('Run')[0] == [['Run'], ['PCC'], ['CCC'], ['RMSE']]
    scores = {row[0][0]: row[1:] for row in page.table('Score')[1:]}
    low, high = content['intervals']['ccc_valence']
    assert scores['CCC valence'] == [[f'{content["metrics"]["ccc_valence"]:.4f}'], [f'{low:.4f}–{high:.4f}']]
    assert 'Confusion matrix' not in page.texts


def test_confusion_matrix_is_that_of_all_folds(compared, monkeypatch):
    rows, written = compared
    drawn = []
    monkeypatch.setattr(
        'mmavf.visualization.report_parts.draw_confusion_matrix',
        lambda matrix, classes, path: (drawn.append((matrix, classes)), Figure().savefig(path)),
    )
    make_report({'x': rows['from <scratch>']})
    ((matrix, classes),) = drawn
    _, pooled = written['from <scratch>']
    assert np.array_equal(matrix, pooled['confusion_matrix'])
    assert list(classes) == pooled['classes']


def test_facts_say_what_was_trained(html):
    texts = Page(html).texts
    assert 'configs/finetune/toy/avfmae_b_toy.py' in texts
    assert '3 folds in turn: 1, 2, 10' in texts
    assert 'strict: the checkpoint was chosen without the test part' in texts
    assert 'data/toy/lists/all.csv (SHA-256 abababababab…)' in texts
    assert 'data/toy/lists/all.csv (SHA-256 cdcdcdcdcdcd…)' in texts
    assert {'2026-01-01', '2026-01-02', 'mmavf 0.1.0 torch 2.11.0 mmengine 0.10.7 python 3.11.9'} <= set(texts)


def test_folds_without_result_are_named_and_others_left_out(tmp_path):
    write_cross_validation(tmp_path, 1.0, folds=('1', '2'), failed={'3': 'test.py ended with <status> 1'})
    write_test(tmp_path / 'fold_4/test', make_predictions(1.0, '4'), '4')  # not of this cross-validation
    page = Page(make_report({'run': [read_results(tmp_path)]}))
    assert 'No result for fold 3: test.py ended with <status> 1' in page.texts
    assert [row[0][0] for row in page.table('Held out')[1:]] == ['fold 1', 'fold 2', 'mean ± std', 'pooled']


def test_scores_of_several_data_sets_have_a_table_of_their_own(tmp_path):
    evaluator = dict(type='ClassificationMetric', metrics=('uf1', 'uar'), key='uf1', part_by='source', resamples=50)
    _, pooled = write_cross_validation(tmp_path, 1.0, folds=('1', '2'), evaluator=evaluator)
    page = Page(make_report({'run': [read_results(tmp_path)]}))
    assert page.table('Held out')[0] == [['Held out'], ['UF1 %'], ['UAR %']]
    head, *rows = page.table('Data set')
    assert head == [['Data set'], ['UF1 %'], ['UAR %']]
    scores = ([percent(pooled['metrics'][key]), bounds(pooled, key)] for key in ('toy_uf1', 'toy_uar'))
    assert rows == [[['toy'], *scores]]


def test_a_checkpoint_that_says_nothing_is_of_unknown_selection(tmp_path):
    write_test(tmp_path / 'run/test', make_predictions(1.0, '1'), '1', training=False)
    assert 'unknown' in Page(make_report({'run': [read_results(tmp_path / 'run')]})).texts


def test_overlap_is_said(tmp_path):
    said = dict(trained=dict(allow_overlap=True), tested=dict(overlap='it was trained on toy'), neither={})
    for name, options in said.items():
        write_test(tmp_path / name / 'test', make_predictions(1.0, '1'), '1', **options)
    page = Page(make_report({name: [read_results(tmp_path / name)] for name in said}))
    assert page.texts.count('allowed: clips under test may have been trained on') == 2
    assert 'toy, strict selection of the checkpoint, fold 1, 3 classes, overlap with the training allowed' in page.texts
    assert 'toy, strict selection of the checkpoint, fold 1, 3 classes' in page.texts


def test_log_of_a_resumed_run_replaces_what_it_did_again(tmp_path):
    write_log(tmp_path, [4.0, 3.0, 2.0], name='20260101_000000')
    write_log(tmp_path, [2.9, 1.9], first=20, name='20260101_000001')
    (curves,) = read_results(tmp_path).curves
    assert curves.iters.tolist() == [10, 20, 30]
    assert curves.losses['loss'].tolist() == [4.0, 2.9, 1.9]


@pytest.mark.parametrize(
    'cut', [b'{"loss": 0.5, "it', b'{"loss": 0.5, "it{"loss": 0.4, "iter": 40}\n', b'{"n": "\xe8\xa1']
)
def test_a_line_that_was_cut_off_costs_its_point_and_is_told(tmp_path, run_tool, cut, monkeypatch):
    told = []
    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text: told.append(text))
    write_log(tmp_path / 'run', [4.0, 3.0])
    log = tmp_path / 'run' / '20260101_000000' / 'vis_data' / 'scalars.json'
    log.write_bytes(log.read_bytes() + cut)
    assert run_tool('run') == (0, '') and (tmp_path / 'report.html').exists()
    assert len(told) == 1 and 'scalars.json: skipped 1 line' in told[0]
    (curves,) = read_results(tmp_path / 'run').curves
    assert curves.iters.tolist() == [10, 20]


def test_known_pictures_are_taken_in_whole(tmp_path):
    write_log(tmp_path, [2.0, 1.0])
    content = cv2.imencode('.png', np.arange(48, dtype=np.uint8).reshape(4, 4, 3))[1].tobytes()
    (tmp_path / 'tsne.png').write_bytes(content)
    html = make_report({'run': [read_results(tmp_path)]})
    assert base64.b64encode(content).decode() in html
    assert 't-SNE of the features' in html


@pytest.mark.parametrize(
    ('files', 'message'),
    [
        ({}, 'holds nothing to report'),
        ({'test/metrics.json': '{"metrics": {}'}, 'metrics.json is damaged'),
        ({'test/metrics.json': '12'}, 'metrics.json was not written by'),
        ({'test/metrics.json': '{"metrics": {}}'}, 'metrics.json was not written by .*: it lacks config, .*intervals'),
        ({'fold_1/test/metrics.json': None, 'results.json': '[}'}, 'results.json is damaged'),
        ({'fold_1/test/metrics.json': None, 'results.json': '{"folds": {}}'}, 'it lacks config, pooled'),
    ],
)
def test_a_work_dir_that_cannot_be_read_is_one_clear_error(tmp_path, files, message):
    whole = json.dumps(write_test(tmp_path / 'elsewhere', make_predictions(1.0, '1'), '1'))
    folder = tmp_path / 'run'
    folder.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(whole if text is None else text)
    with pytest.raises(ConfigError, match=message):
        read_results(folder)


def test_folds_with_different_classes_are_refused(tmp_path):
    write_test(tmp_path / 'fold_1/test', make_predictions(1.0, '1'), '1')
    write_test(tmp_path / 'fold_2/test', make_predictions(1.0, '2', classes=('a', 'b', 'c')), '2')
    with pytest.raises(ConfigError, match="classes .*'a', 'b', 'c'"):
        make_report({'run': [read_results(tmp_path)]})


@pytest.mark.parametrize(
    ('one', 'other', 'message'),
    [
        (dict(), dict(selection='paper'), 'fold 1 was selected, .* than fold 2 .selection strict and paper'),
        (dict(), dict(target='u'), 'target toy and u'),
        (dict(), dict(overlap='it was trained on toy'), 'overlap False and True'),
        (dict(evaluator=dict(EVALUATOR, group_by='group')), dict(), 'by_group True and False'),
    ],
)
def test_folds_that_were_chosen_or_scored_in_different_ways_are_refused(tmp_path, one, other, message):
    for fold, options in (('1', one), ('2', other)):
        predictions = make_predictions(1.0, fold)
        predictions = replace(predictions, group=predictions.ids)
        write_test(tmp_path / f'fold_{fold}/test', predictions, fold, **options)
    with pytest.raises(ConfigError, match=message):
        make_report({'run': [read_results(tmp_path)]})


def test_a_fold_that_was_tested_anew_is_not_mixed_with_earlier_scores(tmp_path):
    write_cross_validation(tmp_path, 1.0, folds=('1', '2'))
    shutil.rmtree(tmp_path / 'fold_2/test')
    write_test(tmp_path / 'fold_2/test', make_predictions(3.0, '2'), '2')
    with pytest.raises(ConfigError, match=r'results\.json has other scores for fold 2 than its test'):
        read_results(tmp_path)


@pytest.mark.parametrize('options', [dict(column='subject'), dict(evaluator=MICRO, result='pooled')])
def test_single_subjects_that_nothing_has_pooled_have_no_result(tmp_path, options):
    for subject in ('1', '2'):
        write_test(tmp_path / f'a/fold_{subject}/test', make_predictions(1.0, subject), subject, **options)
    results = read_results(tmp_path / 'a')
    page = Page(make_report({'a': [results], 'b': [results]}))
    assert page.table('Run')[1][1:] == [['–']] * (len(page.table('Run')[0]) - 1)
    assert [row[0][0] for row in page.table('Held out')[1:]] == ['fold 1', 'fold 2']
    assert any('cross-validate scores all their predictions as one test' in text for text in page.texts)
    assert not any('±' in cell for table in page.tables for row in table for column in row for cell in column)


def test_groups_are_counted_where_groups_are_scored(tmp_path):
    predictions = make_predictions(1.0, '1')
    predictions = replace(predictions, labels=predictions.labels // 4 % 3)
    predictions = replace(predictions, group=tuple(f'trial {number // 4}' for number in range(40)))
    write_test(tmp_path / 'a/test', predictions, '1', dict(EVALUATOR, group_by='group'))
    write_test(tmp_path / 'b/test', predictions, '1')
    rows = {name: [read_results(tmp_path / name)] for name in 'ab'}
    page = Page(make_report(rows))
    assert 'Scores of 10 groups of 40 clips.' in page.texts and 'Scores of 40 clips.' in page.texts
    assert any('Confusion matrix, 10 groups.' in text for text in page.texts)
    compared = [[row[0][0] for row in table[1:]] for table in page.tables if table[0][0] == ['Run']]
    assert compared == [['a'], ['b']]


def test_scores_are_named_and_written():
    assert [heading(key) for key in ('war', 'casme2_uf1', 'ccc_valence', 'toy_wa_f1', 'my_score')] == [
        'WAR %',
        'UF1 casme2 %',
        'CCC valence',
        'WA-F1 toy %',
        'my_score',
    ]
    assert (number('uar', 0.60244), number('rmse', 0.60244), number('uar', float('nan'))) == ('60.24', '0.6024', '–')
    assert score_of('rmse').less_is_better


@pytest.mark.parametrize(
    ('key', 'values', 'best'),
    [
        ('war', [0.2, 0.4, 0.3], 1),
        ('rmse', [0.2, 0.4, None], 0),
        ('war', [None, 0.4], None),
        ('war', [float('nan'), 0.4, 0.5], 2),
        ('my_score', [0.1, 0.2], None),
    ],
)
def test_best_row(key, values, best):
    assert best_row(key, values) == best


@pytest.fixture
def run_tool(monkeypatch, tmp_path, capsys):
    """Run the tool in this process, in an empty folder; return its exit status and its errors."""

    def run(*words):
        monkeypatch.chdir(tmp_path)
        status, _, errors = run_here('analysis_tools/report.py', *words, monkeypatch=monkeypatch, capsys=capsys)
        return status, errors

    return run


def test_tool_titles_work_dirs_and_rows(tmp_path, run_tool):
    for name in ('a/run', 'b/run', 'other'):
        write_test(tmp_path / name / 'test', make_predictions(1.0, '1'), '1')
    assert run_tool('a/run', 'b/run', 'other', '--row', 'x=y=other', '--out', 'out/r.html', '--title', 'Ours') == (
        0,
        '',
    )
    page = Page((tmp_path / 'out/r.html').read_text(encoding='utf-8'))
    assert [row[0][0] for row in page.table('Run')[1:]] == ['a/run', 'b/run', 'other', 'x=y']
    assert page.texts[0] == 'Ours'


def test_tool_refuses_what_is_no_picture(tmp_path, run_tool):
    write_log(tmp_path / 'run', [2.0, 1.0])
    (tmp_path / 'notes.png').write_text('not a picture')
    for words, message in (
        (('run', '--picture', 'Notes=notes.png'), 'notes.png is not a PNG picture.'),
        (('run', '--picture', 'Lost=lost.png'), 'lost.png cannot be read'),
        (('nowhere',), 'nowhere is not a folder'),
    ):
        status, errors = run_tool(*words)
        assert status == 1 and errors.startswith(f'ConfigError: {message}')


def test_tool_needs_a_work_dir(run_tool):
    assert run_tool()[0] == 2
    status, errors = run_tool('--row', 'untitled')
    assert status == 2 and 'not of the form TITLE=PATH' in errors
