"""The best checkpoint of a run with validation, also when the run is cut off and goes on."""

import pytest
import torch
from mmengine.hooks import Hook
from torch.utils._pytree import tree_leaves

from mmavf.protocol.provenance import chosen_checkpoint
from tests.helpers.train import TINY_FOLDS, run_train, tiny_runner

PAPER = dict(protocol__fold='1', protocol__selection='paper')
EMA = dict(default_hooks__ema=dict(type='EMAHook', momentum=0.1))


def load(path):
    return torch.load(path, weights_only=True)


def assert_equal(one, other):
    for a, b in zip(tree_leaves(one), tree_leaves(other), strict=True):
        assert torch.equal(a, b) if torch.is_tensor(a) else a == b


class ScriptHook(Hook):
    """Say that the second epoch is the best."""

    priority = 'VERY_HIGH'

    def after_val_epoch(self, runner, metrics=None):
        metrics['acc'] = {1: 0.4, 2: 0.9, 3: 0.5}[runner.epoch]


def scripted_runner(work_dir, **options):
    runner = tiny_runner(work_dir, TINY_FOLDS, **PAPER, **options)
    runner.register_hook(ScriptHook())
    return runner


def test_the_best_epoch_is_kept_and_only_it(tmp_path):
    scripted_runner(tmp_path).train()
    assert [path.name for path in tmp_path.glob('best_*')] == ['best_acc_epoch_2.pth']
    best, epoch = load(tmp_path / 'best_acc_epoch_2.pth'), load(tmp_path / 'epoch_2.pth')
    assert_equal(best['state_dict'], epoch['state_dict'])
    assert best['meta']['epoch'] == 2
    assert chosen_checkpoint(tmp_path, best['meta']['protocol']).name == 'best_acc_epoch_2.pth'
    assert not list(tmp_path.glob('*.unfinished'))


def test_a_validation_part_never_meets_the_test_part(tmp_path):
    runner = tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', protocol__val_share=0.25, train_cfg__val_interval=2)
    runner.train()
    parts = [set(loader.dataset.indices) for loader in (runner.train_dataloader, runner.val_dataloader)]
    parts.append(set(runner.build_dataloader(runner.cfg.test_dataloader).dataset.indices))
    assert [len(part) for part in parts] == [18, 6, 12] and len(set.union(*parts)) == 36
    scalars = runner.message_hub.log_scalars
    assert len(list(tmp_path.glob('best_acc_epoch_[23].pth'))) == 1
    assert 'val/acc' in scalars


class Cut(Exception):
    """Ends a training from inside."""


class CutHook(Hook):
    """Raise inside an epoch, or before or after the validation of one."""

    def __init__(self, where, epoch):
        self.priority = 'LOWEST' if where == 'after validation' else 'HIGHEST'
        self.where, self.epoch = where, epoch

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if self.where == 'in epoch' and (runner.epoch, batch_idx) == (self.epoch, 7):
            raise Cut

    def after_val_epoch(self, runner, metrics=None):
        if 'validation' in self.where and runner.epoch == self.epoch:
            raise Cut


@pytest.mark.parametrize(
    ('where', 'epoch'), [('in epoch', 2), ('before validation', 2), ('after validation', 2), ('before validation', 3)]
)
def test_a_run_that_was_cut_off_keeps_the_best_score(tmp_path, where, epoch):
    """The second epoch is the best; whoever forgets its score keeps the third."""
    scripted_runner(tmp_path / 'whole', **EMA).train()
    runner = scripted_runner(tmp_path / 'cut', **EMA)
    runner.register_hook(CutHook(where, epoch))
    with pytest.raises(Cut):
        runner.train()
    torch.manual_seed(77)
    scripted_runner(tmp_path / 'cut', resume=True, **EMA).train()
    for folder in ('whole', 'cut'):
        assert [path.name for path in (tmp_path / folder).glob('best_*')] == ['best_acc_epoch_2.pth']
    for name in ('best_acc_epoch_2.pth', 'epoch_3.pth'):
        whole, cut = load(tmp_path / 'whole' / name), load(tmp_path / 'cut' / name)
        for key in whole.keys() & {'state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'}:
            assert_equal(whole[key], cut[key])


@pytest.mark.slow
def test_averaged_weights_are_validated_saved_and_resumed_after_a_kill(tmp_path):
    ema = ['default_hooks.ema.type=EMAHook', 'default_hooks.ema.momentum=0.1']
    args = ['--fold', '2', '--selection', 'paper']
    whole = run_train(tmp_path / 'whole', *ema, config=TINY_FOLDS, args=args)
    assert whole.returncode == 0, whole.stderr
    killed = run_train(tmp_path / 'cut', *ema, 'custom_hooks.2.after=18', config=TINY_FOLDS, args=args)
    assert killed.returncode == -9, killed.stderr
    resumed = run_train(tmp_path / 'cut', *ema, config=TINY_FOLDS, args=[*args, '--resume'])
    assert resumed.returncode == 0, resumed.stderr
    one, other = (load(tmp_path / name / 'epoch_3.pth') for name in ('whole', 'cut'))
    for key in ('state_dict', 'ema_state_dict', 'optimizer'):
        assert_equal(one[key], other[key])
    trained = {name.removeprefix('module.'): value for name, value in one['ema_state_dict'].items()}
    assert not torch.equal(one['state_dict']['head.weight'], trained['head.weight'])


def test_the_average_is_that_of_the_trained_weights(tmp_path):
    runner = tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', train_cfg__max_epochs=1, **EMA)
    seen = []

    class Watch(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            seen.append(runner.model.head.weight.detach().clone())

    runner.register_hook(Watch())
    runner.train()
    average = seen[0]
    for weight in seen[1:]:
        average = 0.9 * average + 0.1 * weight
    saved = load(tmp_path / 'epoch_1.pth')
    torch.testing.assert_close(saved['state_dict']['head.weight'], average)
    assert torch.equal(saved['ema_state_dict']['module.head.weight'], seen[-1])
