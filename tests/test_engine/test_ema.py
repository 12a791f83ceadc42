"""Averaged weights, switched on as the fine-tuning config says."""

import shutil

import torch

from tests.helpers.train import TINY_FOLDS, assert_same_weights, tiny_runner

EMA = dict(default_hooks__ema__type='EMAHook', default_hooks__ema__momentum=0.1)


def train(work_dir, **options):
    tiny_runner(work_dir, TINY_FOLDS, protocol__fold='1', **options).train()
    return torch.load(work_dir / 'epoch_3.pth', weights_only=True)


def test_a_checkpoint_holds_averaged_weights_and_those_that_training_goes_on_with(tmp_path):
    plain, averaged = train(tmp_path / 'plain'), train(tmp_path / 'ema', **EMA)
    for name, value in plain['state_dict'].items():
        assert torch.equal(averaged['ema_state_dict'][f'module.{name}'], value)
        assert not name.endswith('weight') or not torch.equal(averaged['state_dict'][name], value)


def test_a_resumed_run_ends_with_the_same_average(tmp_path):
    whole = train(tmp_path / 'whole', **EMA)
    (tmp_path / 'cut').mkdir()
    shutil.copy(tmp_path / 'whole/epoch_1.pth', tmp_path / 'cut')
    (tmp_path / 'cut/last_checkpoint').write_text(str(tmp_path / 'cut/epoch_1.pth'))
    cut = train(tmp_path / 'cut', resume=True, **EMA)
    assert_same_weights(tmp_path / 'whole/epoch_3.pth', tmp_path / 'cut/epoch_3.pth')
    for name, value in whole['ema_state_dict'].items():
        assert torch.equal(cut['ema_state_dict'][name], value), name
