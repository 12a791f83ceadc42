"""`--seed`, `--deterministic` and `--no-validate` of a training."""

import os
import sys

import pytest
import torch

from mmavf.cli.main import main
from tests.helpers.ranks import run_ranks
from tests.helpers.train import TINY, TINY_FOLDS, assert_same_weights, weights

ONCE = ('train_cfg.max_epochs=1',)


@pytest.fixture
def train(monkeypatch, capsys, tmp_path):
    """Train in this process; return the exit status, and output and errors together."""
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setenv('LOCAL_RANK', '0')

    def run(name, *words, config=TINY, options=ONCE):
        experiment = f'experiment_name={tmp_path.name}-{name}'  # loggers are kept by this name
        words = (config, '--work-dir', tmp_path / name, *words, '--cfg-options', experiment, *options)
        return main(['train', *map(str, words)]), ''.join(capsys.readouterr())

    return run


def test_a_seed_decides_on_the_weights(train, tmp_path):
    for name, seed in (('a', 7), ('b', 7), ('c', 8)):
        status, text = train(name, '--seed', seed)
        assert status == 0 and f'seed: {seed}' in text
    assert_same_weights(tmp_path / 'a/epoch_1.pth', tmp_path / 'b/epoch_1.pth')
    one, other = (weights(tmp_path / name / 'epoch_1.pth') for name in ('a', 'c'))
    assert any(not torch.equal(one[name], other[name]) for name in one)


def train_deterministically(work_dir):
    os.environ.pop('CUBLAS_WORKSPACE_CONFIG', None)
    assert main(['train', str(TINY), '--work-dir', str(work_dir), '--deterministic', '--cfg-options', *ONCE]) == 0
    assert torch.are_deterministic_algorithms_enabled() and os.environ['CUBLAS_WORKSPACE_CONFIG'] == ':4096:8'


def test_deterministic_switches_torch_over(tmp_path):
    """In a process of its own, which it changes for good: an operation without such an algorithm is an error there."""
    assert run_ranks(train_deterministically, 1, tmp_path) == [0]


VALIDATED = ('--fold', '1', '--selection', 'paper')


def test_no_validate_is_refused_where_the_best_epoch_on_the_validation_counts(train, tmp_path):
    for words, options in ((VALIDATED, ()), (('--fold', '1'), ('protocol.val_share=0.2',))):
        status, text = train('refused', *words, '--no-validate', config=TINY_FOLDS, options=options)
        assert status == 1 and 'ConfigError: --no-validate: ' in text and '--selection strict' in text
    options = ('default_hooks.checkpoint.save_best=acc',)
    status, text = train('best', '--fold', '1', '--no-validate', config=TINY_FOLDS, options=options)
    assert status == 1 and 'default_hooks.checkpoint.save_best' in text
    assert not list(tmp_path.iterdir())


def test_no_validate_leaves_the_validation_out(train, tmp_path):
    """Of a config without a protocol, as no other has a validation that nothing depends on."""
    config = tmp_path / 'config.py'
    config.write_text(
        f"""
_base_ = {str(TINY)!r}
val_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(type='TinyDataset', length=4),
    sampler=dict(type='DefaultSampler', shuffle=False), collate_fn=dict(type='default_collate'),
)
val_evaluator = dict(type='TinyMetric')
val_cfg = dict(type='ValLoop')
"""
    )
    status, text = train('with', config=config)
    assert status == 0 and 'Epoch(val)' in text and 'count' in text
    status, text = train('without', '--no-validate', config=config)
    assert status == 0 and 'Epoch(val)' not in text
    assert_same_weights(tmp_path / 'with/epoch_1.pth', tmp_path / 'without/epoch_1.pth')
