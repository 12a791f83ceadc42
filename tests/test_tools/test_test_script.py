"""tools/test.py as a user runs it."""

import csv
import itertools
import json
from datetime import datetime, timezone

import mmengine
import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric

from mmavf.evaluation import Predictions
from mmavf.registry import METRICS
from tests.helpers.forked import ROOT, run_forked
from tests.helpers.tools import run_here
from tests.helpers.train import TINY_FOLDS, run_train

CONFIG = ROOT / 'tests/helpers/tiny_test.py'
_numbers = itertools.count()


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """Plain weights, which say nothing of their training."""
    path = tmp_path_factory.mktemp('weights') / 'told.pth'
    torch.save(dict(state_dict=dict(scale=torch.tensor(2.0))), path)
    return path


def run_two(checkpoint, *args, options=()):
    """Run the script as two processes; return how they ended."""
    args += '--launcher', 'pytorch', *(['--cfg-options', *options] if options else [])
    return run_forked(ROOT / 'tools/test.py', CONFIG, checkpoint, *args, processes=2)


@pytest.fixture
def test_here(monkeypatch, capsys):
    """Run the script in this process; returns exit status, output and errors."""

    def run(checkpoint, *args, config=CONFIG, options=()):
        options = [*options, f'experiment_name=test_{next(_numbers)}']  # loggers are kept by this name
        args = (config, checkpoint, *args, '--cfg-options', *options)
        return run_here('test.py', *args, monkeypatch=monkeypatch, capsys=capsys)

    return run


def results(folder):
    return json.loads((folder / 'metrics.json').read_text())


def test_files_of_a_test(checkpoint, tmp_path, test_here):
    status, printed, errors = test_here(checkpoint, '--dump', tmp_path / 'p.pkl', '--out', tmp_path / 'out')
    assert status == 0, errors
    with open(tmp_path / 'out/predictions.csv', newline='') as file:
        head, *rows = csv.reader(file)
    assert head == ['id', 'label', 'prediction', 'anger', 'happiness', 'sadness']
    assert [row[0] for row in rows] == [f'clip {i}' for i in range(11)]
    right = sum(row[1] == row[2] for row in rows) / 11
    content = results(tmp_path / 'out')
    assert content['metrics']['war'] == right and f'{right:.4f}' in printed
    assert content['num_clips'] == 11 and content['key'] == 'uar'
    assert set(content['intervals']) == {'war', 'uar'}
    matrix = content['confusion_matrix']
    assert [sum(row) for row in matrix] == [4, 4, 3] and sum(matrix[i][i] for i in range(3)) == round(11 * right)
    assert content['test'] == dict(column=None, fold=None, result=None, lists={'told.csv': 'a' * 64}, overlap=None)
    assert content['selection'] is content['training'] is None and 'does not record' in printed + errors
    assert (content['checkpoint'], content['config']) == (str(checkpoint), str(CONFIG))
    assert content['trained'] == {} and content['versions']['torch'] == torch.__version__
    decisive = {
        'mmavf',
        'python',
        'torch',
        'torchaudio',
        'mmengine',
        'numpy',
        'scipy',
        'opencv',
        'av',
        'ffmpeg',
        'soundfile',
    }
    assert set(content['versions']) == decisive and all(content['versions'].values())
    assert abs((datetime.now(timezone.utc) - datetime.fromisoformat(content['tested_at'])).total_seconds()) < 60
    dumped = Predictions.load(tmp_path / 'p.pkl')
    assert dumped.subject == tuple(f's{i % 4}' for i in range(11)) and dumped.scores.shape == (11, 3)
    assert (tmp_path / 'p.pkl').read_bytes() == (tmp_path / 'out/predictions.pkl').read_bytes()


def test_two_processes_give_the_files_of_one(checkpoint, tmp_path, test_here):
    assert test_here(checkpoint, '--out', tmp_path / 'one')[0] == 0
    done = run_two(checkpoint, '--out', tmp_path / 'two')
    assert done.returncode == 0, done.stderr
    one, two = (tmp_path / name for name in ('one', 'two'))  # 11 clips: one process gets a clip that the other has too
    assert (one / 'predictions.csv').read_bytes() == (two / 'predictions.csv').read_bytes()
    assert results(one) | dict(tested_at='') == results(two) | dict(tested_at='')


BAD = (
    'test_dataloader.dataset.bad=[1,3]',
    'test_dataloader.dataset.broken=[10]',
)  # two on one process, one on the other
REASONS = ('clip 1: clip 1 is empty', 'clip 3: clip 3 is empty', 'clip 10: its scores are not finite')


def check_partial(folder):
    with open(folder / 'predictions.partial.csv', newline='') as file:
        assert [row[0] for row in csv.reader(file)][1:] == [f'clip {i}' for i in (0, 2, 4, 5, 6, 7, 8, 9)]
    assert not any((folder / name).exists() for name in ('metrics.json', 'predictions.csv', 'predictions.pkl'))


def test_unusable_clips_end_the_test_with_all_of_them(checkpoint, tmp_path, test_here):
    status, _, errors = test_here(checkpoint, '--out', tmp_path, options=BAD)
    assert status == 1 and 'ClipError: 3 of 11 clips' in errors and all(reason in errors for reason in REASONS)
    check_partial(tmp_path)
    assert test_here(checkpoint, '--out', tmp_path)[0] == 0
    assert not (tmp_path / 'predictions.partial.csv').exists()
    assert test_here(checkpoint, '--out', tmp_path, options=BAD)[0] == 1
    check_partial(tmp_path)  # nothing of the test between is left


def test_two_processes_end_with_the_same_error(checkpoint, tmp_path):
    done = run_two(checkpoint, '--out', tmp_path, options=BAD)
    assert done.returncode == 1
    for text in ('ClipError: 3 of 11 clips', *REASONS):
        assert done.stderr.count(text) == 2, text
    check_partial(tmp_path)


@METRICS.register_module()
class OddMetric(BaseMetric):
    """Somebody's metric, which has no number for these clips."""

    def process(self, data_batch, data_samples):
        self.results += [0] * len(data_samples)

    def compute_metrics(self, results):
        return dict(odd=np.float32('nan'), far=float('inf'), fine=np.float64(0.5), clips=len(results))


def test_a_metric_without_a_number_is_null_and_named(checkpoint, tmp_path, test_here):
    own = dict(type='ClassificationMetric', resamples=20)
    config = tmp_path / 'config.py'
    config.write_text(f"_base_ = {str(CONFIG)!r}\ntest_evaluator = [{own}, dict(type='OddMetric', prefix='x')]\n")
    status, printed, errors = test_here(checkpoint, '--out', tmp_path, config=config)
    assert status == 0, errors
    metrics = results(tmp_path)['metrics']
    assert (metrics['x/odd'], metrics['x/far'], metrics['x/fine'], metrics['x/clips']) == (None, None, 0.5, 11)
    assert metrics['war'] > 0 and (tmp_path / 'predictions.csv').exists()
    assert 'The score x/odd is nan: it is written as null' in printed + errors


@pytest.mark.parametrize(
    ('args', 'options', 'message'),
    [
        ([], ['test_evaluator.metrics=[acc]'], 'ConfigError: ClassificationMetric: '),
        ([], ['tset_cfg.x=1'], 'ConfigError: --cfg-options tset_cfg.x'),
        (['--fold', '3'], [], 'takes no fold'),
        (['--dump', 'p.json'], [], 'must end in .pkl'),
    ],
)
def test_errors_are_one_clear_message(args, options, message, checkpoint, tmp_path, test_here):
    status, _, errors = test_here(checkpoint, *args, '--out', tmp_path, options=options)
    assert status and message in errors and 'Traceback' not in errors


def test_a_checkpoint_that_is_not_there(tmp_path, test_here):
    status, _, errors = test_here(tmp_path / 'none.pth', '--out', tmp_path)
    assert status == 1 and errors.startswith('CheckpointError') and 'does not exist' in errors


def test_beside_an_address_nothing_is_written(test_here):
    status, _, errors = test_here('https://example.org/weights.pth')
    assert status == 2 and 'set --out' in errors


def test_a_training_that_tests_afterwards(tmp_path, test_here):
    metric = ['test_evaluator.type=ClassificationMetric', 'test_evaluator.key=uar']
    trained = run_train(
        tmp_path / 'run', *metric, config=TINY_FOLDS, args=['--fold', '2', '--selection', 'paper', '--test']
    )
    assert trained.returncode == 0, trained.stderr
    assert f'Results are in {tmp_path}/run/test' in trained.stdout
    (best,) = (tmp_path / 'run').glob('best_*.pth')
    status, _, errors = test_here(best, '--out', tmp_path / 'apart', config=TINY_FOLDS, options=metric)
    assert status == 0, errors
    own, apart = ({**results(tmp_path / name), 'tested_at': ''} for name in ('run/test', 'apart'))
    assert own == apart
    assert (tmp_path / 'run/test/predictions.csv').read_bytes() == (tmp_path / 'apart/predictions.csv').read_bytes()


def test_a_training_without_test_data_is_not_begun_if_it_is_to_be_tested(tmp_path):
    trained = run_train(tmp_path, args=['--test'])
    assert trained.returncode == 1 and '--test: ' in trained.stderr and 'no test_dataloader' in trained.stderr
    assert not list(tmp_path.glob('*.pth'))


def test_the_checkpoint_says_which_fold_is_tested_and_how_it_was_chosen(tmp_path, test_here):
    trained = run_train(tmp_path / 'run', config=TINY_FOLDS, args=['--fold', '2', '--selection', 'paper'])
    assert trained.returncode == 0, trained.stderr
    (best,) = (tmp_path / 'run').glob('best_*.pth')
    options = ['test_evaluator.type=ClassificationMetric', 'test_evaluator.key=uar']
    status, _, errors = test_here(best, '--dump', tmp_path / 'p.pkl', config=TINY_FOLDS, options=options)
    assert status == 0, errors
    content = results(tmp_path / 'run/test')  # beside the checkpoint, wherever it was trained to
    assert (content['selection'], content['training']['fold'], content['test']['fold']) == ('paper', '2', '2')
    assert content['test']['column'] == 'fold'
    assert content['trained'].keys() == {'epoch', 'iter', 'time', 'mmengine_version'}
    assert content['trained']['mmengine_version'] == mmengine.__version__ and 'files' not in content['training']
    assert content['test']['overlap'] is None
    args = ['--fold', '1', '--allow-overlap', '--out', tmp_path / 'overlap']
    status, _, errors = test_here(best, *args, config=TINY_FOLDS, options=options)
    assert status == 0, errors
    said = 'it was trained on tiny without fold 2 of tiny, and this run tests on fold 1 of tiny'
    assert said in results(tmp_path / 'overlap')['test']['overlap']
    assert content['training']['lists'] == content['test']['lists'] != {} and content['origin'] == []
    assert set(Predictions.load(tmp_path / 'p.pkl').fold) == {'2'} and content['num_clips'] == 12
    status, _, errors = test_here(best, '--fold', '1', config=TINY_FOLDS, options=options)
    assert status == 1 and errors.startswith('ConfigError') and 'trained on' in errors
