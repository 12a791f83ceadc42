"""Test and validation loop: every clip once, and no clip lost in silence."""

import csv
import itertools
import json

import pytest
import torch
from mmengine.config import Config

from mmavf.engine import AVFRunner
from mmavf.errors import ClipError, ConfigError
from mmavf.evaluation import ClassificationMetric, evaluate
from mmavf.registry import METRICS
from tests.helpers.train import ROOT

CONFIG = ROOT / 'tests/helpers/tiny_test.py'
_numbers = itertools.count()


def runner(work_dir, **options):
    """A runner of the tiny test; `options` override its config, with __ for the dots."""
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in options.items()})
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{work_dir}-{next(_numbers)}'.replace('/', '-')
    return AVFRunner.from_cfg(cfg)


def rows(path):
    with open(path, newline='') as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize('batch_size', [1, 4, 20])
def test_every_clip_gets_the_prediction_of_its_own_frames(batch_size, tmp_path):
    test = runner(tmp_path, test_dataloader__batch_size=batch_size)
    scores = test.test()
    predictions = test.test_loop.predictions
    assert predictions.ids == tuple(f'clip {i}' for i in range(11))
    assert predictions.labels.tolist() == [i % 3 for i in range(11)]
    dataset = test.test_dataloader.dataset
    expected = torch.stack([dataset[i]['inputs']['video'].softmax(0) for i in range(11)]).double()
    torch.testing.assert_close(torch.from_numpy(predictions.scores), expected, rtol=0, atol=1e-6)
    right = [expected[i].argmax() == i % 3 for i in range(11)]
    assert scores['war'] == sum(right) / 11
    assert not list(tmp_path.glob('*.csv'))  # files are the tool's affair


def test_one_error_lists_all_failed_clips_and_the_others_are_kept(tmp_path):
    test = runner(tmp_path, test_dataloader__dataset=dict(type='ToldDataset', bad=(2, 3, 8), broken=(5,)))
    with pytest.raises(ClipError) as error:
        test.test()
    message = str(error.value)
    assert message.startswith('4 of 11 clips')
    for index in (2, 3, 8):  # 2 and 3 are a whole batch
        assert f'clip {index}: clip {index} is empty\n' in message
    assert 'clip 5: its scores are not finite\n' in message
    assert 'predictions.partial.csv' in message
    kept = rows(tmp_path / 'predictions.partial.csv')
    assert [row[0] for row in kept] == [f'clip {i}' for i in (0, 1, 4, 6, 7, 9, 10)]
    whole = runner(tmp_path / 'whole')
    whole.test()
    whole.test_loop.predictions.to_csv(tmp_path / 'whole.csv')
    assert [row for row in rows(tmp_path / 'whole.csv') if row in kept] == kept  # the same to the last digit


def test_clips_of_two_sources_may_have_one_name(tmp_path):
    dataset = dict(type='ToldDataset', sources=['one', 'other'], bad=(2,), broken=(5,))
    with pytest.raises(ClipError, match='^4 of 22 clips') as error:
        runner(tmp_path, test_dataloader__dataset=dataset).test()
    assert str(error.value).count('  clip 2: clip 2 is empty\n') == 2
    assert str(error.value).count('  clip 5: its scores are not finite\n') == 2
    assert len(rows(tmp_path / 'predictions.partial.csv')) == 18


def test_a_test_without_one_usable_clip(tmp_path):
    test = runner(tmp_path, test_dataloader__dataset=dict(type='ToldDataset', length=3, bad=(0, 1, 2)))
    with pytest.raises(ClipError, match='3 of 3 clips') as error:
        test.test()
    assert 'partial' not in str(error.value) and not list(tmp_path.glob('*.csv'))


def test_failures_are_listed_even_where_no_metric_keeps_predictions(tmp_path):
    options = dict(test_dataloader__dataset__bad=(2,), custom_imports=dict(imports=['tests.helpers.tiny']))
    with pytest.raises(ClipError, match='clip 2 is empty'):
        runner(tmp_path, test_evaluator__type='DumpResults', test_evaluator__out_file_path='x.pkl', **options).test()


def test_parts_that_cannot_be_told_apart_are_an_error(tmp_path):
    with pytest.raises(ConfigError, match='22 clips were to be evaluated, 11 can be told apart'):
        runner(tmp_path, test_dataloader__dataset__sources=['told', 'told']).test()


@METRICS.register_module()
class CountingMetric(ClassificationMetric):
    """Counts how often it scores."""

    times = 0

    def score_part(self, predictions):
        type(self).times += 1
        return super().score_part(predictions)


def test_a_test_is_scored_once(tmp_path):
    test = runner(tmp_path, test_evaluator=dict(type='CountingMetric', resamples=20))
    scores = test.test()
    report = test.test_loop.report()
    assert CountingMetric.times == 1 and report['metrics'] == scores
    assert report == evaluate(test.test_loop.predictions, dict(type='ClassificationMetric', resamples=20))


def test_a_second_run_of_a_loop_starts_from_nothing(tmp_path):
    test = runner(tmp_path, test_dataloader__dataset__bad=(2,))
    with pytest.raises(ClipError, match='1 of 11 clips'):
        test.test()
    test.test_dataloader.dataset.bad = set()
    assert test.test() == runner(tmp_path / 'fresh').test()


def test_a_metric_may_be_told_its_scores(tmp_path):
    test = runner(tmp_path, test_evaluator=dict(type='ClassificationMetric', metrics=['war', 'uf1'], key='uf1'))
    assert list(test.test()) == ['war', 'uf1']


def test_a_precision_that_does_not_exist(tmp_path):
    with pytest.raises(ConfigError, match=r'test_cfg\.dtype'):
        runner(tmp_path, test_cfg__dtype='float16').test()


def training(work_dir, **dataset):
    loader = dict(batch_size=2, num_workers=0, collate_fn=dict(type='collate_usable'))
    sampler = dict(type='DefaultSampler', shuffle=False)
    return runner(
        work_dir,
        train_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='KeyedSampler'),
            collate_fn=dict(type='default_collate'),
            dataset=dict(type='ToldDataset'),
        ),
        train_cfg=dict(type='ResumableTrainLoop', max_epochs=2),
        optim_wrapper=dict(
            type='GuardedOptimWrapper', dtype='float32', optimizer=dict(type='AdamW', lr=0.1, fused=True)
        ),
        val_dataloader=dict(loader, sampler=sampler, dataset=dict(type='ToldDataset', **dataset)),
        val_cfg=dict(type='AVFValLoop'),
        val_evaluator=dict(type='ClassificationMetric'),
        default_hooks__checkpoint__save_best='uar',
        default_hooks__checkpoint__rule='greater',
    )


def test_validation_in_a_training_gives_plain_scores(tmp_path):
    training(tmp_path).train()
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum('uar' in line and 'wa_f1' in line for line in logged) == 2
    assert list(tmp_path.glob('best_uar_epoch_*.pth'))


def test_a_sampler_that_cannot_start_anywhere_is_refused(tmp_path):
    run = training(tmp_path)
    run._train_dataloader['sampler'] = dict(type='DefaultSampler', shuffle=True)
    with pytest.raises(ConfigError, match=r"sampler=dict\(type='KeyedSampler'\), not DefaultSampler"):
        run.train()


def test_a_loader_that_leaves_clips_out_is_refused(tmp_path):
    run = training(tmp_path)
    run._val_dataloader['drop_last'] = True
    with pytest.raises(ConfigError, match=r'val_dataloader\.drop_last leaves clips out'):
        run.train()


def test_validation_loses_no_clip_either(tmp_path):
    with pytest.raises(ClipError, match='1 of 11 clips'):
        training(tmp_path, bad=(4,)).train()
