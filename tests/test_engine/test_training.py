"""Whole trainings of the tiny model in this process: logs, guards, files."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from torch.utils._pytree import tree_flatten

from mmavf.engine import NonFiniteGuardHook
from mmavf.engine.optimizers import GuardedOptimWrapper
from mmavf.errors import CheckpointError, ConfigError, NonFiniteLossError
from mmavf.visualization import loss_curve_hook
from tests.helpers.tiny import TinyDataset
from tests.helpers.train import assert_same_weights, tiny_runner


def scalars(work_dir):
    (path,) = Path(work_dir).glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


class HostReads:
    """Count the ways in which Python reads a tensor's value; reads are allowed while `allowed` is set."""

    NAMES = ('item', 'tolist', '__float__', '__bool__', '__int__', 'cpu', '__index__')

    def __init__(self, monkeypatch):
        self.found = []
        self.allowed = True
        for name in self.NAMES:
            original = getattr(torch.Tensor, name)

            def counted(tensor, *args, _name=name, _original=original, **kwargs):
                if not self.allowed:
                    self.found.append(_name)
                return _original(tensor, *args, **kwargs)

            monkeypatch.setattr(torch.Tensor, name, counted)


def test_no_host_read_between_log_points(tmp_path, monkeypatch):
    reads = HostReads(monkeypatch)
    runner = tiny_runner(tmp_path, default_hooks__logger__interval=100, default_hooks__checkpoint__iter_interval=0)
    runner.train()  # warm, with the log point at the end of each epoch
    assert reads.found == []
    runner = tiny_runner(tmp_path, default_hooks__logger__interval=100, default_hooks__checkpoint__iter_interval=0)
    loop = runner.train_loop
    steps = []
    original = loop.run_iter

    def watched(idx, batch):
        reads.allowed = idx + 1 == len(loop.dataloader)
        original(idx, batch)
        reads.allowed = True
        steps.append(idx)

    monkeypatch.setattr(loop, 'run_iter', watched)
    runner.train()
    assert len(steps) == 33
    assert reads.found == []
    reads.allowed = False
    assert torch.ones(()).item() == 1.0
    assert reads.found == ['item']  # the counter counts


def test_logged_losses_are_the_means_of_the_interval(tmp_path):
    runner = tiny_runner(tmp_path)
    seen = []
    model = runner.model
    original = model.train_step

    def recorded(*args, **kwargs):
        outputs = original(*args, **kwargs)
        seen.append({name: value.item() for name, value in outputs.items()})
        return outputs

    model.train_step = recorded
    runner.train()
    logged = scalars(tmp_path)
    assert [line['iter'] for line in logged] == [3, 6, 9, 11, 14, 17, 20, 22, 25, 28, 31, 33]
    start = 0
    for line in logged:
        for name in ('loss', 'loss_video', 'loss_audio'):
            mean = np.mean([step[name] for step in seen[start : line['iter']]])
            assert line[name] == pytest.approx(mean, rel=1e-5)
        start = line['iter']
        assert {'lr', 'grad_norm', 'clips_per_sec', 'data_wait', 'memory', 'skipped_steps', 'time'} <= line.keys()
        assert 0 <= line['data_wait'] <= 1


def test_files_of_a_run(tmp_path):
    runner = tiny_runner(tmp_path)
    runner.register_hook(loss_curve_hook.LossCurveHook())
    runner.train()
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}
    checkpoints = {'epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth', 'iter_28.pth', 'iter_32.pth', 'last_checkpoint'}
    assert checkpoints | {'loss_curve.png', 'bad_samples.jsonl'} <= names
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_3.pth')
    assert list(tmp_path.glob('*/vis_data/events.out.tfevents.*'))


def test_old_checkpoints_go_and_a_resumed_run_is_whole(tmp_path):
    tiny_runner(tmp_path, default_hooks__checkpoint__max_keep_ckpts=1).train()
    assert [path.name for path in tmp_path.glob('epoch_*.pth')] == ['epoch_3.pth']
    runner = tiny_runner(tmp_path, resume=True, load_from=str(tmp_path / 'iter_28.pth'))
    runner.train()
    assert (runner.epoch, runner.iter) == (3, 33)
    assert runner.message_hub.get_scalar('train/iter').data[0].tolist()[:4] == [3, 6, 9, 11]


def test_a_bad_batch_is_skipped_counted_and_written_down(tmp_path):
    runner = tiny_runner(tmp_path, train_dataloader__dataset__bad_ids=[5], train_cfg__max_epochs=2)
    runner.train()
    assert runner.optim_wrapper.skipped.item() == 2
    lines = [json.loads(line) for line in (tmp_path / 'nonfinite_samples.jsonl').read_text().splitlines()]
    assert len(lines) == 2
    for line in lines:
        assert 'clip5' in line['sample_ids'] and len(line['sample_ids']) == 2 and line['reason'] == 'loss'
    assert all(torch.isfinite(value).all() for value in runner.model.state_dict().values())
    assert scalars(tmp_path)[-1]['skipped_steps'] == 2
    assert all(np.isfinite(line['loss']) for line in scalars(tmp_path))


def test_accumulated_steps_name_the_guilty_batch_alone(tmp_path):
    options = dict(
        train_dataloader__dataset__bad_ids=[5], optim_wrapper__accumulative_counts=5, train_cfg__max_epochs=1
    )
    runner = tiny_runner(tmp_path, **options)
    runner.train()
    lines = (tmp_path / 'nonfinite_samples.jsonl').read_text().splitlines()
    assert runner.optim_wrapper.skipped.item() == len(lines) <= 1
    assert len(runner.train_dataloader) == 10


def test_ten_bad_steps_in_a_row_stop_the_run(tmp_path):
    runner = tiny_runner(tmp_path, train_dataloader__dataset__bad_ids=list(range(22)))
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    with pytest.raises(NonFiniteLossError, match=r'nonfinite_samples\.jsonl'):
        runner.train()
    assert runner.iter == 9
    for name, value in runner.model.state_dict().items():
        if 'num_batches' not in name:
            assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        (dict(train_dataloader__batch_size=4), '2 samples per iteration, this one has 4'),
        (dict(optim_wrapper__accumulative_counts=11), '1 batches to an optimizer step, this one has 11'),
        (dict(train_dataloader__dataset__length=40), '11 iterations per epoch, this one has 20'),
        (dict(train_cfg__max_epochs=2), 'a run of 1 epochs, this one has 2'),
    ],
)
def test_resuming_another_run_is_refused(tmp_path, changed, message):
    tiny_runner(tmp_path, train_cfg__max_epochs=1).train()
    with pytest.raises(ConfigError, match=message):
        tiny_runner(tmp_path, **{'resume': True, 'train_cfg__max_epochs': 1, **changed}).train()


@pytest.mark.parametrize(('lr', 'warned'), [(1.0, False), (0.5, True)])
def test_a_resumed_run_says_that_it_keeps_its_rate(tmp_path, lr, warned):
    once = dict(train_cfg__max_epochs=1)
    tiny_runner(tmp_path, **once).train()
    runner = tiny_runner(tmp_path, **once, resume=True, optim_wrapper__optimizer__lr=lr)
    runner.train()
    (log,) = tmp_path.glob(f'{runner.timestamp}*/*.log')
    text = log.read_text()
    assert ('a resumed run keeps its rates' in text) == warned
    assert ('config now says lr 0.003906 with' in text and 'continues with lr 0.007812 with' in text) == warned
    rates = {group['initial_lr'] for group in runner.optim_wrapper.param_groups}
    assert max(rates) == 1.0 * 2 / 256


def test_a_resumed_run_says_that_it_keeps_its_schedule(tmp_path):
    once = dict(train_cfg__max_epochs=2)
    tiny_runner(tmp_path, **once).train()
    one = str(tmp_path / 'epoch_1.pth')
    changed = tiny_runner(tmp_path, **once, resume=True, load_from=one, param_scheduler__0__eta_min_ratio=0.5)
    changed.train()
    (log,) = tmp_path.glob(f'{changed.timestamp}*/*.log')
    ours, theirs = (f'WarmupCosineLR(warmup=11, end=22, eta_min_ratio={ratio}' for ratio in (0.5, 0.1))
    text = log.read_text()
    assert f'config now says {ours}' in text and f'continues with {theirs}' in text


def test_weights_alone_are_not_resumed(tmp_path):
    tiny_runner(tmp_path, train_cfg__max_epochs=1, default_hooks__checkpoint__save_optimizer=False).train()
    with pytest.raises(CheckpointError, match="cannot be resumed: it has no 'optimizer'"):
        tiny_runner(tmp_path, train_cfg__max_epochs=1, resume=True).train()


def test_an_averaged_run_is_not_resumed_without_the_average(tmp_path):
    averaging = dict(default_hooks__ema__type='EMAHook', default_hooks__ema__momentum=0.1)
    tiny_runner(tmp_path, train_cfg__max_epochs=1, **averaging).train()
    with pytest.raises(ConfigError, match=r'default_hooks\.ema'):
        tiny_runner(tmp_path, train_cfg__max_epochs=1, resume=True).train()


def test_other_parameter_groups_are_not_resumed(tmp_path):
    tiny_runner(tmp_path, train_cfg__max_epochs=1).train()
    with pytest.raises(ConfigError, match=r'optim_wrapper\.paramwise_cfg'):
        tiny_runner(
            tmp_path, train_cfg__max_epochs=1, resume=True, optim_wrapper__constructor='DefaultOptimWrapperConstructor'
        ).train()


def test_averages_never_take_in_spoilt_statistics(tmp_path):
    hooks = dict(custom_hooks=[dict(type='NonFiniteGuardHook'), dict(type='EMAHook', momentum=0.5)])
    # the last batch of the epoch, so that no later one covers it up
    last = tiny_runner(tmp_path / 'order', train_cfg__max_epochs=1, **hooks)
    order = list(last.train_dataloader.sampler)
    bad = dict(train_dataloader__dataset__bad_ids=[order[-1].index])
    tiny_runner(tmp_path / 'run', train_cfg__max_epochs=1, **hooks, **bad).train()
    saved = torch.load(tmp_path / 'run' / 'epoch_1.pth', weights_only=True)
    assert all(value.isfinite().all() for part in ('state_dict', 'ema_state_dict') for value in saved[part].values())
    assert (tmp_path / 'run' / 'nonfinite_samples.jsonl').exists()


def test_the_logged_gradient_norm_is_the_mean_over_steps(tmp_path, monkeypatch):
    seen, update_params = [], GuardedOptimWrapper.update_params

    def recorded(wrapper, *args, **kwargs):
        update_params(wrapper, *args, **kwargs)
        if wrapper.should_update():
            seen.append(wrapper.grad_norm.item())

    monkeypatch.setattr(GuardedOptimWrapper, 'update_params', recorded)
    tiny_runner(tmp_path, train_cfg__max_epochs=1, optim_wrapper__accumulative_counts=2).train()
    # ten batches, logged after 3, 6, 9 and 10; a step after every second
    assert [line['grad_norm'] for line in scalars(tmp_path)] == pytest.approx(
        [seen[0], np.mean(seen[1:3]), seen[3], seen[4]], rel=1e-5
    )


def test_an_epoch_without_a_checkpoint_has_that_of_its_last_iteration(tmp_path):
    options = dict(default_hooks__checkpoint__interval=3, default_hooks__checkpoint__iter_interval=11)
    tiny_runner(tmp_path / 'whole', **options).train()
    assert {path.name for path in (tmp_path / 'whole').glob('*.pth')} == {'iter_11.pth', 'iter_22.pth', 'epoch_3.pth'}
    torch.manual_seed(123)
    last = str(tmp_path / 'whole' / 'iter_22.pth')
    runner = tiny_runner(tmp_path / 'cut', resume=True, load_from=last, **options)
    runner.train()
    assert (runner.epoch, runner.iter) == (3, 33)
    assert_same_weights(tmp_path / 'whole' / 'epoch_3.pth', tmp_path / 'cut' / 'epoch_3.pth')


@pytest.mark.parametrize('dropped', [True, False])
def test_a_loss_term_may_go_or_come_at_a_resumption(tmp_path, dropped, monkeypatch):
    drawn = {}
    monkeypatch.setattr(loss_curve_hook, 'draw_loss_curves', lambda curves, path: drawn.update(curves))
    runner = tiny_runner(tmp_path, train_cfg__max_epochs=2)
    runner.register_hook(loss_curve_hook.LossCurveHook())
    train_step, losses = runner.model.train_step, ('loss', 'loss_video', 'loss_audio')

    def fewer(*args, **kwargs):
        outputs = train_step(*args, **kwargs)
        return outputs if (runner.epoch == 0) == dropped else {k: v for k, v in outputs.items() if k != 'loss_audio'}

    runner.model.train_step = fewer
    runner.train()
    places = {name: iters.tolist() for name, (iters, _) in drawn.items()}
    assert places['loss'] == places['loss_video'] == [3, 6, 9, 11, 14, 17, 20, 22]
    assert places['loss_audio'] == ([3, 6, 9, 11] if dropped else [14, 17, 20, 22])
    assert set(places) == set(losses)


def test_resuming_with_a_changed_list_of_the_same_length_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(TinyDataset, 'list_hashes', {'clips.csv': 'ab12'}, raising=False)
    for method in ('full_init', 'clip_refs', 'split_values'):  # with these it is a data set that knows its clips
        monkeypatch.setattr(TinyDataset, method, lambda self: iter(()), raising=False)
    tiny_runner(tmp_path, train_cfg__max_epochs=1).train()
    monkeypatch.setattr(TinyDataset, 'list_hashes', {'moved/clips.csv': 'ab12'})
    tiny_runner(tmp_path, train_cfg__max_epochs=1, resume=True).train()  # the same list elsewhere
    monkeypatch.setattr(TinyDataset, 'list_hashes', {'clips.csv': 'cd34'})
    with pytest.raises(ConfigError, match="'ab12'.* SHA-256 of its training lists, this one has .*'cd34'"):
        tiny_runner(tmp_path, train_cfg__max_epochs=1, resume=True).train()


@pytest.mark.parametrize('name', ['train_cfg.max_epochs', 'optim_wrapper.accumulative_counts'])
def test_counts_below_one_are_refused_by_name(tmp_path, name):
    with pytest.raises(ConfigError, match=f'{name} must be at least 1, not 0'):
        tiny_runner(tmp_path, **{name: 0}).train()


def test_files_of_an_older_run_stay_and_do_not_cost_the_new_one_its_own(tmp_path):
    for stale in ('iter_100000.pth', 'iter_200000.pth'):
        (tmp_path / stale).write_text('older run')
    runner = tiny_runner(tmp_path)
    seen = []

    class LookHook(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            name = tmp_path / 'last_checkpoint'
            seen.append(not name.exists() or Path(name.read_text()).exists())

    runner.register_hook(LookHook())
    runner.train()
    assert seen == [True] * 33
    own = {'iter_28.pth', 'iter_32.pth'}
    assert {path.name for path in tmp_path.glob('iter_*.pth')} == own | {'iter_100000.pth', 'iter_200000.pth'}


def test_a_resumed_run_removes_what_it_wrote_before(tmp_path):
    runner = tiny_runner(tmp_path)
    runner.register_hook(InterruptHook())
    with pytest.raises(Interrupted):
        runner.train()
    assert {path.name for path in tmp_path.glob('iter_*.pth')} == {'iter_12.pth', 'iter_16.pth'}
    tiny_runner(tmp_path, resume=True).train()
    assert {path.name for path in tmp_path.glob('iter_*.pth')} == {'iter_28.pth', 'iter_32.pth'}


@pytest.mark.parametrize('views', [1, 2])
def test_speed_counts_views(tmp_path, monkeypatch, views):
    clock = iter(range(1000))
    monkeypatch.setattr('mmavf.engine.hooks.throughput_hook.time.time', lambda: next(clock))
    runner = tiny_runner(tmp_path, train_cfg__max_epochs=1)
    dataset = runner.train_dataloader.dataset
    item = type(dataset).__getitem__

    def several(self, key):
        sample = item(self, key)
        video = sample['inputs']['video']  # (1, T, H, W, 3), or here with twice the views and half the length
        sample['inputs']['video'] = video.reshape(views, 2 // views, 4, 4, 3)
        return sample

    monkeypatch.setattr(type(dataset), '__getitem__', several)
    runner.train()
    rates = [line['clips_per_sec'] for line in scalars(tmp_path)]
    iters = [line['time'] for line in scalars(tmp_path)]
    assert [rate * sec for rate, sec in zip(rates, iters, strict=True)] == pytest.approx([2 * views] * len(rates))


def test_the_rate_counts_accumulation(tmp_path):
    runner = tiny_runner(tmp_path, optim_wrapper__accumulative_counts=5, train_cfg__max_epochs=1)
    runner.train()
    assert runner.optim_wrapper.base_param_settings['initial_lr'] == pytest.approx(2 * 5 / 256)
    assert runner.optim_wrapper.optimizer.param_groups[0]['initial_lr'] == pytest.approx(2 * 5 / 256)


def test_a_wrapper_without_the_guard_is_refused():
    wrapper = OptimWrapper(torch.optim.SGD([torch.zeros(1)], lr=0.1))
    with pytest.raises(ConfigError, match='not OptimWrapper'):
        NonFiniteGuardHook().before_train(SimpleNamespace(optim_wrapper=wrapper))


class Interrupted(Exception):
    """Ends a training from inside."""


class InterruptHook(Hook):
    """Raise after a number of iterations, once everything else is done."""

    priority = 'LOWEST'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == 18:
            raise Interrupted


@pytest.mark.parametrize('variant', ['plain', 'ema', 'accumulation', 'validation'])
def test_a_resumed_run_ends_as_the_whole_one(tmp_path, variant):
    options = dict(
        plain={},
        ema=dict(custom_hooks=[dict(type='NonFiniteGuardHook'), dict(type='EMAHook')]),
        accumulation=dict(optim_wrapper__accumulative_counts=5),
        validation=dict(
            val_cfg=dict(),
            val_evaluator=dict(type='TinyMetric'),
            val_dataloader=dict(
                batch_size=2,
                num_workers=0,
                dataset=dict(type='TinyDataset', length=4),
                sampler=dict(type='DefaultSampler', shuffle=True),
                collate_fn=dict(type='default_collate'),
            ),
        ),
    )[variant]
    tiny_runner(tmp_path / 'whole', **options).train()
    runner = tiny_runner(tmp_path / 'cut', **options)
    runner.register_hook(InterruptHook())
    with pytest.raises(Interrupted):
        runner.train()
    assert 'iter_1' in (tmp_path / 'cut' / 'last_checkpoint').read_text()
    torch.manual_seed(123)  # a new process starts elsewhere
    tiny_runner(tmp_path / 'cut', resume=True, **options).train()
    one, other = (torch.load(tmp_path / name / 'epoch_3.pth', weights_only=True) for name in ('whole', 'cut'))
    keys = ['state_dict', 'optimizer'] + ['ema_state_dict'] * (variant == 'ema')
    for key in keys:
        flat, other_flat = (tree_flatten(ckpt[key])[0] for ckpt in (one, other))
        assert all(torch.equal(a, b) if torch.is_tensor(a) else a == b for a, b in zip(flat, other_flat, strict=True))


def test_late_arriving_flags_tell_the_same(tmp_path, monkeypatch):
    """As on a GPU: flags are examined some batches later, the last ones at the end of the epoch."""
    prepare = NonFiniteGuardHook.before_train

    def delayed(hook, runner):
        prepare(hook, runner)
        hook._delay = 4
        hook._slots = torch.zeros(5, 3, dtype=torch.int64)

    monkeypatch.setattr(NonFiniteGuardHook, 'before_train', delayed)
    options = dict(train_dataloader__dataset__bad_ids=[5, 17], train_cfg__max_epochs=3)
    tiny_runner(tmp_path / 'late', **options).train()
    monkeypatch.undo()
    tiny_runner(tmp_path / 'prompt', **options).train()
    late, prompt = ((tmp_path / name / 'nonfinite_samples.jsonl').read_text() for name in ('late', 'prompt'))
    assert late == prompt
    assert late.count('clip5') == 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_no_synchronisation_between_log_points_on_a_gpu(tmp_path, monkeypatch):
    runner = tiny_runner(tmp_path, default_hooks__logger__interval=100, default_hooks__checkpoint__iter_interval=0)
    loop = runner.train_loop
    original = loop.run_iter

    def watched(idx, batch):
        torch.cuda.set_sync_debug_mode('error' if idx > 0 and idx + 1 < len(loop.dataloader) else 'default')
        original(idx, batch)
        torch.cuda.set_sync_debug_mode('default')

    monkeypatch.setattr(loop, 'run_iter', watched)
    runner.train()
    assert runner.iter == 33
