"""Nothing in a checkpoint file is executed, by whichever way it is opened."""

import os

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from torch import nn

from mmavf.checkpoints.safe_globals import load_from_local, load_url
from mmavf.errors import CheckpointError
from tests.helpers.train import run_train, tiny_runner


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return os.system, (f"touch '{self.victim}'",)


class Method:
    """Asks for an attribute of a class when it is unpickled."""

    def __init__(self, owner, name):
        self.request = owner, name

    def __reduce__(self):
        return getattr, self.request


@pytest.fixture
def bomb(tmp_path):
    """A checkpoint that explodes, and the file by which one sees it."""
    path, victim = tmp_path / 'bomb.pth', tmp_path / 'exploded'
    torch.save(dict(state_dict=nn.Linear(2, 2).state_dict(), meta=Bomb(victim)), path)
    return path, victim


def test_the_bomb_is_real(bomb):
    path, victim = bomb
    torch.load(path, weights_only=False)
    assert victim.exists()


@pytest.mark.parametrize('force', ['0', '1'])
def test_every_way_of_mmengine_refuses_it(bomb, monkeypatch, force):
    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', force)
    path, victim = bomb
    for load in (
        load_from_local,
        mmengine_checkpoint._load_checkpoint,
        lambda name: mmengine_checkpoint.load_checkpoint(nn.Linear(2, 2), name),
        lambda name: load_url(f'file://{name}', model_dir=str(path.parent / 'cache')),
        lambda name: mmengine_checkpoint.load_url(f'file://{name}', weights_only=False),
    ):
        with pytest.raises(CheckpointError, match=r'bomb\.pth') as caught:
            load(str(path))
        assert 'It asks for posix.system' in str(caught.value)
    assert not victim.exists()


def test_training_does_not_start_from_it(bomb, tmp_path):
    path, victim = bomb
    with pytest.raises(CheckpointError, match=r'bomb\.pth'):
        tiny_runner(tmp_path, load_from=str(path)).train()
    assert not victim.exists()


def test_resuming_from_it_ends_with_one_clear_error(bomb, tmp_path):
    path, victim = bomb
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'last_checkpoint').write_text(str(path))
    done = run_train(tmp_path / 'run', args=['--resume'])
    assert done.returncode == 1
    assert 'CheckpointError' in done.stderr and str(path) in done.stderr
    assert 'Traceback' not in done.stdout + done.stderr
    assert not victim.exists()
    logs = list((tmp_path / 'run').glob('*/*.log'))
    assert 'Traceback' in logs[0].read_text()


@pytest.mark.parametrize(
    ('owner', 'name'), [(HistoryBuffer, '__init__'), (HistoryBuffer, '_statistics_methods'), (np.ndarray, 'min')]
)
def test_getattr_hands_out_statistics_only(tmp_path, owner, name):
    path = tmp_path / 'method.pth'
    torch.save(dict(x=Method(owner, name)), path)
    with pytest.raises(CheckpointError, match=r'method\.pth'):
        load_from_local(str(path))


def test_message_hub_survives(tmp_path):
    hub = MessageHub('test_message_hub_survives')
    for value in (1.0, 2.5, np.float32(3.0), np.int64(4)):
        hub.update_scalar('train/loss', value)
    hub.update_info('note', dict(a=np.float64(1.5), b=np.arange(3), c=np.array([True])))
    path = tmp_path / 'hub.pth'
    torch.save(hub.state_dict(), path)
    loaded = load_from_local(str(path))
    assert loaded['log_scalars']['train/loss'].data[0].tolist() == [1.0, 2.5, 3.0, 4.0]
    assert loaded['log_scalars']['train/loss'].statistics('mean') == 2.625
    assert loaded['runtime_info']['note']['b'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', 'cut'])
def test_damaged_file_is_named(tmp_path, content):
    path = tmp_path / 'damaged.pth'
    torch.save(nn.Linear(50, 50).state_dict(), path)
    path.write_bytes(path.read_bytes()[:-300] if content == 'cut' else content)
    with pytest.raises(CheckpointError, match=r'damaged\.pth'):
        load_from_local(str(path))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r'nowhere\.pth does not exist'):
        load_from_local(str(tmp_path / 'nowhere.pth'))


def test_a_config_inside_a_checkpoint_is_not_executed(tmp_path):
    runner = tiny_runner(tmp_path / 'run')
    runner.train()
    path, victim = tmp_path / 'run' / 'iter_28.pth', tmp_path / 'executed'
    checkpoint = torch.load(path, weights_only=True)
    checkpoint['meta']['config'] = f'import os\nos.system("touch \'{victim}\'")\n'
    torch.save(checkpoint, path)
    runner = tiny_runner(tmp_path / 'run', resume=True, load_from=str(path))
    runner.train()
    assert runner.iter == 33
    assert not victim.exists()


def test_weights_of_another_model_are_refused(tmp_path):
    path = tmp_path / 'other.pth'
    torch.save(dict(model=dict(encoder=torch.zeros(2)), epoch=1), path)
    with pytest.raises(CheckpointError, match=r'other\.pth: nothing in it matches .*convert_release\.py'):
        tiny_runner(tmp_path / 'run', load_from=str(path)).train()


def test_weights_that_fit_in_part_are_reported_by_part(tmp_path, capfd):
    path, runner = tmp_path / 'part.pth', tiny_runner(tmp_path / 'run', train_cfg__max_epochs=1)
    weights = runner.model.state_dict()
    del weights['video.weight'], weights['video.bias'], weights['audio.bias']
    weights['head.weight'] = torch.zeros(7, 8)
    torch.save(dict(state_dict={f'module.{name}': value for name, value in weights.items()} | dict(extra=1)), path)
    runner = tiny_runner(tmp_path / 'run', train_cfg__max_epochs=1, load_from=str(path))
    runner.train()
    assert 'do not match exactly' not in capfd.readouterr().out  # MMEngine's own list of all names
    (log,) = (tmp_path / 'run').glob(f'{runner.timestamp}*/*.log')
    total = len(runner.model.state_dict())
    for line in (
        f"matched: {total - 4} of the model's {total} weights",
        'new: video (2), audio (1)',
        'new, as the head has another shape: head.weight is 7 × 8, not 4 × 8',
        'unused: extra (1)',
    ):
        assert f'\n  {line}\n' in log.read_text()
    runner = tiny_runner(tmp_path / 'loud', train_cfg__max_epochs=1, load_from=str(path), log_level='DEBUG')
    runner.train()
    (log,) = (tmp_path / 'loud').glob(f'{runner.timestamp}*/*.log')
    assert '\n  new: video.weight, video.bias, audio.bias\n  unused: extra\n' in log.read_text()


def test_weights_of_another_size_are_refused(tmp_path):
    runner = tiny_runner(tmp_path / 'run')
    weights = runner.model.state_dict() | {'audio.weight': torch.zeros(8, 7)}
    torch.save(dict(state_dict=weights), tmp_path / 'large.pth')
    match = r'large\.pth: it is of another size: 1 of \d+ weights .*\(audio\.weight is 8 × 7, not 8 × 16\)'
    with pytest.raises(CheckpointError, match=match):
        tiny_runner(tmp_path / 'run', load_from=str(tmp_path / 'large.pth')).train()


def test_a_missing_file_is_not_said_to_misfit(tmp_path):
    with pytest.raises(CheckpointError, match=r'^Checkpoint \S+nowhere\.pth does not exist\.$'):
        tiny_runner(tmp_path, load_from=str(tmp_path / 'nowhere.pth')).train()
