"""All folds in turn: what runs, what goes on, what comes out."""

import hashlib
import json
import sys
from argparse import ArgumentTypeError
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmavf.cli.commands.cross_validate import chosen_folds
from mmavf.cli.options import device_names
from mmavf.errors import ConfigError, ListError
from mmavf.evaluation import Predictions
from mmavf.experiments.config_hash import config_hash
from mmavf.experiments.fold_results import aggregate, collect, markdown, write_results
from mmavf.experiments.fold_runs import FoldRuns, fold_values
from mmavf.protocol.protocol import column_under_test, result_over_folds
from tests.helpers.forked import ROOT, run_forked
from tests.helpers.train import TINY_FOLDS

# WAR and UAR in percent of the published runs, per fold: arithmetic means give the published figures.
MAFW = [(50.98, 37.56), (55.92, 42.41), (65.24, 49.83), (66.65, 52.96), (62.42, 47.50)]
MSP_IMPROV = [(76.84, 69.91), (73.43, 60.87), (74.85, 67.95), (75.36, 66.70), (82.98, 83.51), (72.93, 71.33)]


@pytest.mark.parametrize(('folds', 'published'), [(MAFW, (60.24, 46.05)), (MSP_IMPROV, (76.07, 70.05))])
def test_published_means(folds, published):
    spread = aggregate([dict(war=war, uar=uar) for war, uar in folds])
    # the folds are rounded to two digits themselves, and so is what is published
    assert (spread['war'].mean, spread['uar'].mean) == pytest.approx(published, abs=0.005 + 1e-9)
    assert spread['war'].num_folds == len(folds)


def test_the_deviation_is_that_of_a_sample():
    spread = aggregate([dict(war=0.2, only_here=1.0), dict(war=0.4), dict(war=0.9)])
    assert list(spread) == ['war']
    assert spread['war'].mean == pytest.approx(0.5)
    assert spread['war'].std == pytest.approx(((0.09 + 0.01 + 0.16) / 2) ** 0.5)
    assert aggregate([dict(war=0.2)])['war'] == (0.2, None, 1)


def write_test(folder, start, hits, total, source='', lists=None):
    """Write a test of `total` clips of two classes, of which `hits` of either class are told right."""
    folder.mkdir(parents=True)
    labels = np.arange(total) % 2
    right = np.arange(total) < 2 * hits
    scores = np.eye(2)[np.where(right, labels, 1 - labels)]
    blank = ('',) * total
    ids = tuple(f'clip{start + i}' for i in range(total))
    clips = Predictions(
        ids, labels, scores, ('a', 'b'), subject=blank, fold=blank, source=(source,) * total, group=blank
    )
    clips.save(folder / 'predictions.pkl')
    report = dict(metrics=dict(war=2 * hits / total), test=dict(lists=lists or {'all.csv': 'abc'}))
    (folder / 'metrics.json').write_text(json.dumps(report))
    return folder


EVALUATOR = dict(
    type='ClassificationMetric', classes=['a', 'b'], metrics=['war', 'uar'], resamples=50, part_by='source'
)


def test_mean_over_folds_and_pooled_clips_differ(tmp_path):
    tests = {'1': write_test(tmp_path / '1', 0, 5, 10, 'x'), '2': write_test(tmp_path / '2', 10, 10, 40, 'y')}
    results = collect(tests, EVALUATOR)
    assert results['folds'] == {'1': dict(war=1.0), '2': dict(war=0.5)}
    assert results['spread']['war']['mean'] == 0.75 and results['result'] == 'mean'
    assert results['pooled']['metrics']['war'] == pytest.approx(30 / 50) and results['pooled']['num_clips'] == 50
    assert results['parts'] == dict(x=dict(war=1.0, uar=1.0), y=dict(war=0.5, uar=0.5))
    assert results['lists'] == {'all.csv': 'abc'}
    results |= dict(title='some config', protocol=dict(selection='strict'), failed={'3': 'no memory'})
    text = write_results(results, tmp_path)
    assert (tmp_path / 'results.md').read_text() == text == markdown(results)
    assert json.loads((tmp_path / 'results.json').read_text()) == results
    for line in (
        '| 1 | 1.0000 |',
        '| mean ± std | 0.7500 ± 0.3536 |',
        '| pooled | 0.6000 |',
        '| y | 0.5000 | 0.5000 |',
    ):
        assert line in ' '.join(text.split())
    assert 'n - 1' in text and '- 3: no memory' in text and 'selection: strict' in text


def test_a_source_whose_name_begins_with_that_of_another(tmp_path):
    tests = {'1': write_test(tmp_path / '1', 0, 5, 10, 'a'), '2': write_test(tmp_path / '2', 10, 10, 40, 'a_b')}
    results = collect(tests, EVALUATOR)
    assert results['parts'] == {'a': dict(war=1.0, uar=1.0), 'a_b': dict(war=0.5, uar=0.5)}
    text = ' '.join(markdown(dict(results, title='t', protocol=dict(selection='strict'), failed={})).split())
    assert '| held out | war |' in text and '| a | 1.0000 | 1.0000 |' in text and '| a_b | 0.5000 | 0.5000 |' in text


def test_a_score_that_is_null_in_a_fold(tmp_path):
    tests = {name: write_test(tmp_path / name, 10 * i, 5, 10) for i, name in enumerate(('1', '2'))}
    report = json.loads((tests['2'] / 'metrics.json').read_text())
    report['metrics']['war'] = None
    (tests['2'] / 'metrics.json').write_text(json.dumps(report))
    results = collect(tests, dict(EVALUATOR, part_by=None))
    assert results['folds']['2'] == dict(war=None) and 'war' not in results['spread']
    text = ' '.join(markdown(dict(results, title='t', protocol=dict(selection='strict'), failed={})).split())
    assert '| 2 | – |' in text and '| mean ± std | – |' in text and '| pooled | 1.0000 |' in text


def test_pooled_results_have_no_mean(tmp_path):
    tests = {'1': write_test(tmp_path / '1', 0, 5, 10), '2': write_test(tmp_path / '2', 10, 10, 40)}
    results = collect(tests, dict(EVALUATOR, part_by=None), 'pooled')
    assert results['result'] == 'pooled' and results['spread'] == {}
    text = markdown(dict(results, title='t', protocol=dict(selection='strict'), failed={}))
    assert 'std' not in text and '| pooled (the result) | 0.6000 |' in ' '.join(text.split())


def test_one_fold_has_no_mean_and_no_deviation(tmp_path):
    results = collect({'1': write_test(tmp_path / '1', 0, 5, 10)}, dict(EVALUATOR, part_by=None))
    text = ' '.join(markdown(dict(results, title='t', protocol=dict(selection='strict'), failed={})).split())
    assert '| 1 | 1.0000 |' in text and '| pooled | 1.0000 |' in text
    assert 'std' not in text and 'mean' not in text


def test_what_is_held_out_in_turn():
    for name, column in (('samm', 'subject'), ('casme3', 'subject'), ('ravdess', 'fold')):  # samm: a concatenation
        config = Config.fromfile(str(ROOT / f'configs/finetune/{name}/avfmae_b_{name}.py'))
        assert column_under_test(config) == column
        assert result_over_folds(config) == ('mean' if name == 'ravdess' else 'pooled')


@pytest.mark.parametrize('column', ['fold', 'subject'])
def test_how_folds_of_a_list_of_ones_own_are_reported(column):
    dataset = dict(type='AVClipDataset', split=dict(column=column))
    config = Config(dict(protocol=dict(stage='finetune'), test_dataloader=dict(dataset=dataset)))
    before = config_hash(config)
    assert result_over_folds(config) == dict(fold='mean', subject='pooled')[column]
    for result in ('mean', 'pooled'):
        config.protocol.result = result
        assert result_over_folds(config) == result and config_hash(config) == before  # no fold is trained again


def test_folds_that_do_not_belong_together(tmp_path):
    one, other = write_test(tmp_path / '1', 0, 1, 2), write_test(tmp_path / '2', 1, 1, 2)
    with pytest.raises(ListError, match='clip1'):
        collect({'1': one, '2': other}, EVALUATOR)
    changed = write_test(tmp_path / '3', 5, 1, 2, lists={'all.csv': 'xyz'})
    with pytest.raises(ConfigError, match=r'all\.csv was changed .* fold 3'):
        collect({'1': one, '3': changed}, EVALUATOR)


TRAIN = """
import os, sys, time
from pathlib import Path
assert sys.argv.pop(1) == 'train'
config, fold, folder = sys.argv[1], sys.argv[2].removeprefix('--fold='), Path(sys.argv[4])
assert sys.argv[2].startswith('--fold=') and sys.argv[3] == '--work-dir' and Path(config).exists()
log = folder.parent / 'calls'
def note(what):
    with open(log, 'a') as file:
        file.write(f'{fold} {what} {os.environ.get("CUDA_VISIBLE_DEVICES")} {os.environ["MMAVF_JOBS"]}\\n')
note('resumed' if '--resume' in sys.argv else 'trained')
(folder / 'epoch_1.pth').write_text('')
(folder / 'last_checkpoint').write_text(str(folder / 'epoch_1.pth'))
time.sleep(float(os.environ.get('SECONDS_OF_TRAINING', 0)))
if (folder.parent / f'broken_{fold[:20]}').exists():
    print('ConfigError: of an earlier run')
    sys.exit('ListError: the list is broken\\n  a.mp4: 3 lines')
note('ended')
if sys.argv[-1] == '--test':
    import hashlib, json
    out = folder / 'test'
    out.mkdir()
    (out / 'predictions.pkl').write_text('')
    data = folder.parent / 'all.csv'
    lists = {str(data): hashlib.sha256(data.read_bytes()).hexdigest()} if data.exists() else {}
    (out / 'metrics.json').write_text(json.dumps(dict(test=dict(lists=lists))))
"""


@pytest.fixture
def program(tmp_path):
    """A command whose `train` does what that of `mmavf` does, without learning anything."""
    starter = tmp_path / 'program.py'
    starter.write_text(TRAIN)
    return [sys.executable, starter]


def runs_of(tmp_path, program, devices=(None,), **changes):
    cfg = Config(dict(protocol=dict(selection='strict', val_share=0.0), **changes))
    return FoldRuns(cfg, tmp_path, devices, program)


def calls(tmp_path):
    return sorted(line.split() for line in (tmp_path / 'calls').read_text().splitlines())


@pytest.mark.parametrize('text', ['0,', ',1', ''])
def test_a_device_without_a_name_is_refused(text):
    assert device_names('0, 1') == ['0', '1']
    with pytest.raises(ArgumentTypeError, match='has an empty name'):
        device_names(text)


def test_a_failing_fold_does_not_stop_the_others_and_goes_on_later(tmp_path, program, monkeypatch):
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    runs, lines = runs_of(tmp_path, program), []
    runs.prepare(['1', '2', '3'])
    (tmp_path / 'broken_2').touch()
    failed = runs.run(['1', '2', '3'], lines.append)
    assert list(failed) == ['2']
    assert 'train and test ended with status 1: ListError: the list is broken a.mp4: 3 lines' in failed['2']
    assert 'earlier' not in failed['2']
    assert [runs.is_finished(fold) for fold in '123'] == [True, False, True]
    assert any('fold 2: FAILED' in line for line in lines) and 'fold 3: done' in lines
    (tmp_path / 'broken_2').unlink()
    again = runs_of(tmp_path, program)
    again.prepare(['1', '2', '3'])
    assert again.run(['2'], lines.append) == {} and again.is_finished('2')
    assert ['2', 'resumed', 'None', '1'] in calls(tmp_path)


def test_every_device_has_one_fold_at_a_time(tmp_path, program, monkeypatch):
    monkeypatch.setenv('SECONDS_OF_TRAINING', '0.3')
    folds = ['1', '2', '3', '4', '5']
    runs = runs_of(tmp_path, program, devices=['4', '7'])
    runs.prepare(folds)
    assert runs.run(folds, lambda line: None) == {}
    in_order = [line.split() for line in (tmp_path / 'calls').read_text().splitlines()]
    assert {tuple(rest) for _, _, *rest in in_order} == {('4', '2'), ('7', '2')}  # each has half of the cores
    assert {what for _, what, *_ in in_order[:2]} == {'trained'}  # two at once
    for device in ('4', '7'):
        own = [what for _, what, used, _ in in_order if used == device]
        assert own == ['trained', 'ended'] * (len(own) // 2)


def test_folds_of_another_config_are_not_touched(tmp_path, program):
    runs_of(tmp_path, program, train_cfg=dict(max_epochs=3)).prepare(['1'])
    with pytest.raises(ConfigError, match='another config or by hand: 1'):
        runs_of(tmp_path, program, train_cfg=dict(max_epochs=4)).prepare(['1', '2'])
    assert not (tmp_path / 'fold_2').exists()
    (tmp_path / 'fold_5').mkdir()
    (tmp_path / 'fold_5' / 'last_checkpoint').write_text('somewhere')
    with pytest.raises(ConfigError, match='by hand: 5'):
        runs_of(tmp_path, program, train_cfg=dict(max_epochs=3)).prepare(['1', '5'])


def test_a_list_that_is_not_the_one_that_finished_folds_were_tested_on(tmp_path, program):
    data = tmp_path / 'all.csv'
    data.write_text('video,fold\na.mp4,1\n')
    runs = runs_of(tmp_path, program)
    runs.prepare(['1'])
    assert runs.run(['1'], lambda line: None) == {}
    runs.prepare(['1', '2'])
    data.write_text('video,fold\na.mp4,2\n')
    with pytest.raises(ConfigError, match=r'all\.csv has been changed since fold 1 was tested'):
        runs.prepare(['1', '2'])


def test_folds_may_be_called_anything(tmp_path, program):
    folds = ['-anna', 'a/b', 'a%2Fb', '..', 'con:x', 'Zoë B', 'x' * 300, '0']
    runs = runs_of(tmp_path, program)
    runs.prepare(folds)
    assert runs.run(folds, lambda line: None) == {}
    assert all(runs.is_finished(fold) for fold in folds)
    assert len({runs.folder(fold) for fold in folds}) == len(folds)
    assert all(runs.folder(fold).parent == tmp_path for fold in folds)
    with pytest.raises(ConfigError, match='empty name'):
        runs.prepare([''])


def test_two_folds_that_the_disk_takes_for_one(tmp_path, program):
    (tmp_path / 'fold_anna').mkdir()
    (tmp_path / 'fold_Anna').symlink_to('fold_anna')  # as on a disk that tells no case apart
    with pytest.raises(ConfigError, match='fold_Anna and fold_anna are one folder'):
        runs_of(tmp_path, program).prepare(['Anna', 'anna'])


def test_a_config_that_cannot_be_written_down(tmp_path):
    cfg = Config(dict(protocol=dict(selection='strict'), helper=Path('a')))
    with pytest.raises(ConfigError, match='holds something other than plain values'):
        FoldRuns(cfg, tmp_path / 'runs').prepare(['1'])


def test_the_hash_is_that_of_the_contents():
    one, other = (Config(dict(a=1, b=dict(c=2), work_dir=folder)) for folder in ('x', 'y'))
    assert config_hash(one) == config_hash(other) != config_hash(Config(dict(a=1, b=dict(c=3))))
    in_order, reversed_ = (Config(dict(b=[dict(c=2, d=(1, 2)), 3])), Config(dict(b=[dict(d=(1, 2), c=2), 3])))
    assert config_hash(in_order) == config_hash(reversed_) != config_hash(Config(dict(b=[3, dict(c=2, d=(1, 2))])))


def test_folds_that_an_earlier_version_has_run_go_on(tmp_path, program):
    runs = runs_of(tmp_path, program)
    runs.prepare(['1'])
    content = dict(protocol=dict(selection='strict', val_share=0.0))
    earlier = hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()  # as it was before
    (tmp_path / 'fold_1' / 'config_hash.txt').write_text(earlier)
    runs.prepare(['1'])
    assert (tmp_path / 'fold_1' / 'config_hash.txt').read_text() != earlier
    with pytest.raises(ConfigError, match='another config'):
        runs_of(tmp_path, program, other=1).prepare(['1'])


def test_which_folds_there_are(tmp_path):
    assert fold_values(Config.fromfile(TINY_FOLDS)) == ['1', '2', '3']
    only = Config.fromfile(TINY_FOLDS)
    only.test_dataloader.dataset.split.held_out = 'validation'
    assert fold_values(only) == ['validation']
    parts = [deepcopy(only.test_dataloader.dataset) for _ in range(2)]
    joined = deepcopy(only)
    joined.test_dataloader.dataset = dict(type='ConcatClipDataset', datasets=parts)
    assert fold_values(joined) == ['validation']  # not also what it trains on
    only.protocol.fold = 0
    assert fold_values(only) == ['0']
    with pytest.raises(ConfigError, match='config of fine-tuning'):
        fold_values(Config(dict()))


def test_a_fold_with_a_comma_in_its_name_can_be_chosen():
    known = ['Smith, Anna', 'Bob', 'Eve']
    assert chosen_folds('Smith, Anna', known) == ['Smith, Anna'] and chosen_folds('Eve,Bob', known) == ['Eve', 'Bob']


def cross_validate(work_dir, *args):
    return run_forked(ROOT / 'tools' / 'cross_validate.py', TINY_FOLDS, '--work-dir', work_dir, *args)


def test_wrong_options(tmp_path):
    done = cross_validate(tmp_path, '--folds', '2,7')
    assert done.returncode == 1 and done.stderr.strip().endswith('--folds: there is no 7; choose from 1, 2, 3.')
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_all_folds_of_the_tiny_set(tmp_path):
    """One fold fails at first; then it alone runs, and the result is that of all three."""
    (tmp_path / 'fold_2').mkdir(parents=True)
    (tmp_path / 'fold_2' / 'epoch_2.pth').mkdir()  # in the way of the checkpoint of that name
    first = cross_validate(tmp_path, '--jobs', '2', '--selection', 'paper', '--cfg-options', 'train_cfg.max_epochs=2')
    assert first.returncode == 1, first.stdout + first.stderr
    assert '1 of 3 folds failed: 2' in first.stderr and 'fold 2: FAILED' in first.stdout
    partial = json.loads((tmp_path / 'results.json').read_text())
    assert list(partial['folds']) == ['1', '3'] and list(partial['failed']) == ['2']

    (tmp_path / 'fold_2' / 'epoch_2.pth').rmdir()
    times = {fold: (tmp_path / f'fold_{fold}' / 'test' / 'metrics.json').stat().st_mtime_ns for fold in '13'}
    second = cross_validate(tmp_path, '--selection', 'paper', '--cfg-options', 'train_cfg.max_epochs=2')
    assert second.returncode == 0, second.stdout + second.stderr
    assert 'already done: 1, 3' in second.stdout
    for fold, mtime in times.items():
        assert (tmp_path / f'fold_{fold}' / 'test' / 'metrics.json').stat().st_mtime_ns == mtime

    results = json.loads((tmp_path / 'results.json').read_text())
    clips = [line.split(',') for path in Path(tmp_path).glob('fold_*/test/predictions.csv') for line in path.open()]
    right = [row[1] == row[2] for row in clips if row[0] != 'id']
    assert len(right) == 36 == results['pooled']['num_clips']
    assert results['pooled']['metrics']['war'] == pytest.approx(np.mean(right))
    wars = [scores['war'] for scores in results['folds'].values()]
    assert results['spread']['war']['mean'] == pytest.approx(np.mean(wars))
    assert results['spread']['war']['std'] == pytest.approx(np.std(wars, ddof=1))
    assert results['protocol']['selection'] == 'paper' and results['failed'] == {}
    assert '| mean ± std' in second.stdout and 'tiny_finetune: 3 of 3 folds' in second.stdout

    options = ['--folds', '1', '--selection', 'paper', '--cfg-options', 'train_cfg.max_epochs=2']
    assert 'tiny_finetune: 1 of 3 folds' in cross_validate(tmp_path, *options).stdout
