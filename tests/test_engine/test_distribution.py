"""Two processes on gloo: the same weights on both, and the gradients of one process with the whole batch."""

import json

import pytest
import torch
from mmengine.dist import get_rank
from torch.optim import AdamW

from mmavf.cli.program import leave_process_group
from tests.helpers.ranks import run_ranks
from tests.helpers.train import assert_same_weights, run_train, tiny_runner


def train_rank(out, launcher, noise, norm, batch):
    """Train the tiny model for some steps and write the rank's gradients of each step and its last weights."""
    options = dict(model__noise=noise, model__norm=norm, train_dataloader__batch_size=batch, train_cfg__max_epochs=1)
    runner = tiny_runner(out / 'run', launcher=launcher, **options)
    gradients, step = [], AdamW.step

    def recorded(optimizer, *args, **kwargs):
        gradients.append([param.grad.clone() for group in optimizer.param_groups for param in group['params']])
        return step(optimizer, *args, **kwargs)

    AdamW.step = recorded
    runner.train()
    model = getattr(runner.model, 'module', runner.model)
    saved = dict(gradients=gradients, weights=model.state_dict(), noise=torch.rand(3))
    torch.save(saved, out / f'rank{get_rank()}.pth')
    del runner, model
    leave_process_group()


def train(out, processes, noise, norm, batch):
    out.mkdir()
    launcher = 'pytorch' if processes > 1 else 'none'
    assert run_ranks(train_rank, processes, out, launcher, noise, norm, batch) == [0] * processes
    return [torch.load(out / f'rank{rank}.pth', weights_only=True) for rank in range(processes)]


@pytest.mark.slow
def test_two_ranks_with_masks_and_batch_norm_end_with_the_same_weights(tmp_path):
    ranks = train(tmp_path / 'two', 2, True, 'BatchNorm1d', 2)
    for name, value in ranks[0]['weights'].items():
        if 'running' not in name:  # statistics are those of rank 0 from the next forward pass on
            assert torch.equal(value, ranks[1]['weights'][name]), name
    assert not torch.equal(ranks[0]['noise'], ranks[1]['noise'])


def test_two_ranks_share_weights_and_have_the_gradients_of_one_with_the_whole_batch(tmp_path):
    two = train(tmp_path / 'two', 2, False, 'LayerNorm', 1)
    (one,) = train(tmp_path / 'one', 1, False, 'LayerNorm', 2)
    assert len(one['gradients']) == 11
    for name, value in two[0]['weights'].items():
        assert torch.equal(value, two[1]['weights'][name]), name
    assert not torch.equal(two[0]['noise'], two[1]['noise'])
    for step, other in zip(one['gradients'], two[0]['gradients'], strict=True):
        for gradient, other_gradient in zip(step, other, strict=True):
            torch.testing.assert_close(gradient, other_gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_two_ranks_killed_and_resumed_end_with_equal_weights(tmp_path):
    def run(name, *options, args=()):
        return run_train(tmp_path / name, *options, args=args, processes=2)

    assert run('whole').returncode == 0
    killed = run('killed', 'custom_hooks.2.after=9')
    assert killed.returncode != 0
    assert (tmp_path / 'killed' / 'last_checkpoint').read_text().endswith('iter_8.pth')
    assert run('killed', args=['--resume']).returncode == 0
    assert_same_weights(tmp_path / 'whole' / 'epoch_3.pth', tmp_path / 'killed' / 'epoch_3.pth')


@pytest.mark.slow
def test_another_number_of_ranks_with_the_same_total_batch_goes_on_with_a_warning(tmp_path):
    assert run_train(tmp_path, 'custom_hooks.2.after=9', processes=2).returncode != 0
    resumed = run_train(tmp_path, 'train_dataloader.batch_size=4', args=['--resume'])
    assert resumed.returncode == 0, resumed.stderr + resumed.stdout
    assert 'was written by 2 processes, this run has 1' in resumed.stdout


@pytest.mark.slow
def test_two_ranks_report_and_stop_together(tmp_path):
    done = run_train(tmp_path, 'train_dataloader.dataset.bad_ids=[5]', processes=2)
    assert done.returncode == 0, done.stderr + done.stdout
    lines = [json.loads(line) for line in (tmp_path / 'nonfinite_samples.jsonl').read_text().splitlines()]
    assert [('clip5' in line['sample_ids'], line['reason']) for line in lines] == [(True, 'loss')] * len(lines)
    assert len(lines) >= 2

    everything = f'train_dataloader.dataset.bad_ids={list(range(22))}'.replace(' ', '')
    stopped = run_train(tmp_path, everything, 'train_cfg.max_epochs=4', processes=2)
    assert stopped.returncode == 1
    assert stopped.stderr.count('NonFiniteLossError: The loss of iteration 10') == 2
