"""tools/analysis_tools/eval_metric.py and confusion_matrix.py as a user runs them."""

import json
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
from sklearn import metrics

from mmavf.evaluation import Predictions
from tests.helpers.tools import run_here
from tests.helpers.train import ROOT

CONFIG = ROOT / 'tests/helpers/tiny_test.py'


def predictions(fold='1', count=40, names=('anger', 'happiness', 'sadness')):
    rng = np.random.default_rng(int(fold))
    classes = len(names)
    labels = rng.integers(0, classes, count)
    scores = rng.dirichlet(np.ones(classes), size=count)
    scores[np.arange(count), labels] += rng.integers(0, 2, count)
    return Predictions(
        ids=tuple(f'{fold} {i}' for i in range(count)),
        labels=labels,
        scores=scores,
        names=names,
        subject=tuple(f's{fold}{i % 5}' for i in range(count)),
        fold=(fold,) * count,
        source=('told',) * count,
        group=tuple(f'{label}{i % 4}' for i, label in enumerate(labels)),
    )


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a tool in this process; returns exit status, output and errors."""
    return lambda tool, *args: run_here(f'analysis_tools/{tool}', *args, monkeypatch=monkeypatch, capsys=capsys)


def test_scores_of_all_folds_as_one(tmp_path, run):
    parts = [predictions('1'), predictions('2')]
    files = [tmp_path / f'{number}.pkl' for number in (1, 2)]
    for part, file in zip(parts, files, strict=True):
        part.save(file)
    status, printed, errors = run(
        'eval_metric.py', CONFIG, *files, '--cfg-options', 'test_evaluator.resample_by=subject'
    )
    assert status == 0, errors
    found = json.loads(printed)
    labels = np.concatenate([part.labels for part in parts])
    best = np.concatenate([part.scores.argmax(axis=1) for part in parts])
    assert found['metrics']['uar'] == pytest.approx(metrics.balanced_accuracy_score(labels, best), abs=1e-12)
    assert found['confusion_matrix'] == metrics.confusion_matrix(labels, best).tolist()
    low, high = found['intervals']['uar']
    assert low < found['metrics']['uar'] < high


def test_predictions_that_do_not_belong_to_the_config(tmp_path, run):
    predictions().save(tmp_path / 'p.pkl')
    status, _, errors = run(
        'eval_metric.py', CONFIG, tmp_path / 'p.pkl', '--cfg-options', 'test_evaluator.classes=[a,b,c]'
    )
    assert status == 1 and errors.startswith('ConfigError: The predictions are for anger')
    status, _, errors = run('eval_metric.py', CONFIG, tmp_path / 'p.pkl', tmp_path / 'p.pkl')
    assert status == 1 and errors.startswith('ListError: 40 clips are in two of the tests')


@pytest.mark.parametrize('kind', ['pkl', 'csv'])
def test_the_picture_shows_right_and_wrong_classes(kind, tmp_path, run):
    """Blue where the diagonal is: a model that is always right against one that always takes the first class."""
    names = tuple(f'class {i}' for i in range(11))
    labels = np.arange(22) % 11
    shades = []
    for name, best in (('right', labels), ('first', np.zeros(22, dtype=int))):
        file, picture = tmp_path / f'{name}.{kind}', tmp_path / f'{name}.png'
        given = replace(predictions(count=22, names=names), labels=labels, scores=np.eye(11)[best])
        given.save(file) if kind == 'pkl' else given.to_csv(file)
        status, printed, errors = run('confusion_matrix.py', file, '--out', picture)
        assert status == 0 and printed.startswith('22 clips'), errors
        pixels = matplotlib.image.imread(picture)[..., :3]
        dark_blue = (pixels[..., 2] > 0.35) & (pixels[..., 0] < 0.1)
        half = dark_blue[:, : int(0.46 * dark_blue.shape[1])]  # the panel of counts; right is a colour bar, too
        columns = np.flatnonzero(half.sum(axis=0) > 20)
        shades.append((half.sum(), np.ptp(columns)))
    (right_area, right_width), (first_area, first_width) = shades
    assert right_area == pytest.approx(first_area, rel=0.1)  # 11 full cells each
    assert right_width > 8 * first_width  # along the diagonal, or in one column


def test_regressed_numbers_have_no_confusion_matrix(tmp_path, run):
    numbers = replace(predictions(count=3), labels=np.zeros((3, 2)), scores=np.ones((3, 2)), names=('x', 'y'))
    numbers.to_csv(tmp_path / 'p.csv')
    status, _, errors = run('confusion_matrix.py', tmp_path / 'p.csv', '--out', tmp_path / 'p.png')
    assert status == 1 and errors.startswith('ConfigError') and not (tmp_path / 'p.png').exists()
