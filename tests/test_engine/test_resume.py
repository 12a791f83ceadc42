"""A killed run that is resumed ends as if it had never been interrupted."""

import signal

import pytest
import torch

from tests.helpers.train import assert_same_weights, run_train

ITERS_PER_EPOCH, KILLED_AFTER, SAVED = 11, 18, 16  # inside the second epoch
KILL = f'custom_hooks.2.after={KILLED_AFTER}'


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('uninterrupted')
    done = run_train(work_dir)
    assert done.returncode == 0, done.stderr + done.stdout
    return work_dir


@pytest.mark.parametrize('workers', [0, 2])
def test_killed_in_an_epoch_and_resumed_ends_with_equal_weights(tmp_path, uninterrupted, workers):
    loading = f'train_dataloader.num_workers={workers}'
    killed = run_train(tmp_path, loading, KILL)
    assert killed.returncode == -signal.SIGKILL, killed.stderr + killed.stdout
    assert (tmp_path / 'last_checkpoint').read_text().endswith(f'iter_{SAVED}.pth')

    log = tmp_path / 'read_positions.txt'
    resumed = run_train(tmp_path, loading, f'train_dataloader.dataset.log_file={log}', args=['--resume'])
    assert resumed.returncode == 0, resumed.stderr + resumed.stdout

    assert_same_weights(tmp_path / 'epoch_3.pth', uninterrupted / 'epoch_3.pth')
    one, other = (torch.load(work_dir / 'epoch_3.pth', weights_only=True) for work_dir in (tmp_path, uninterrupted))
    for key in ('torch', 'python'):
        states = [ckpt['meta']['resume']['rng_states'][0][key] for ckpt in (one, other)]
        assert torch.equal(*states) if key == 'torch' else states[0] == states[1]
    for index, state in one['optimizer']['state'].items():
        for name, value in state.items():
            assert torch.equal(value, other['optimizer']['state'][index][name])

    read = {tuple(map(int, line.split())) for line in log.read_text().splitlines()}
    first = (SAVED - ITERS_PER_EPOCH) * 2  # batches of two
    assert read == {(1, place) for place in range(first, 22)} | {(2, place) for place in range(22)}
