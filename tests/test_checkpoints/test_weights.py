"""Weights of any origin: found, by the model's own names, and finite."""

from collections import OrderedDict

import pytest
import torch
from mmengine.runner.checkpoint import load_checkpoint
from torch import nn

from mmavf.checkpoints.weights import as_checkpoint, check_finite, strip_wrappers
from mmavf.errors import CheckpointError
from tests.helpers.train import tiny_runner


@pytest.mark.parametrize('key', ['state_dict', 'model', 'module', 'model_state_dict', 'net', None])
def test_weights_are_found_under_the_usual_keys(key):
    weights = {'a.weight': torch.ones(2), 'a.bias': torch.zeros(1)}
    content = dict(weights, epoch=3) if key is None else {'epoch': 3, key: weights}
    found = as_checkpoint(content, 'x.pth')
    assert dict(found['state_dict']) == weights and found['meta'] == {}


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        ([torch.ones(1)], 'holds a list'),
        (torch.ones(1), 'holds a Tensor'),
        (None, 'holds a NoneType'),
        ({}, 'holds no weights.*nothing'),
        (dict(state_dict=[1, 2], epoch=1), "holds no weights.*'state_dict', 'epoch'"),
        (dict(state_dict={'a': torch.ones(1)}, meta=[1]), '`meta`.* is not a dictionary'),
        (dict(state_dict={'a': torch.ones(1)}, meta=dict(dataset_meta='a')), '`dataset_meta`.* is not a dictionary'),
        (dict(state_dict={3: torch.ones(1)}), 'a weight is called 3'),
    ],
)
def test_what_holds_no_weights_is_said(content, told):
    with pytest.raises(CheckpointError, match=f'x.pth.*{told}'):
        as_checkpoint(content, 'x.pth')


@pytest.mark.parametrize(
    'prefix',
    ['module.', '_orig_mod.', 'module._orig_mod.', '_orig_mod.module.', 'module.module.', '_orig_mod.' * 2 + 'module.'],
)
def test_prefixes_of_wrappers_are_taken_off(prefix, tmp_path):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    names = list(model.state_dict())
    wrapped = {prefix + name: torch.full_like(value, 2) for name, value in model.state_dict().items()}
    assert list(strip_wrappers(wrapped, '')) == names
    torch.save(wrapped, tmp_path / 'x.pth')
    load_checkpoint(model, str(tmp_path / 'x.pth'), strict=True)
    assert all((value == 2).all() for value in model.state_dict().values())


def test_layers_that_were_compiled_one_by_one_and_names_that_only_look_alike():
    weights = OrderedDict.fromkeys(('blocks.0._orig_mod.fc.weight', 'modules.0.w', 'module_a.w', 'a.module.w'))
    weights._metadata = {'': dict(version=1)}
    stripped = strip_wrappers(weights, '')
    assert list(stripped) == ['blocks.0.fc.weight', 'modules.0.w', 'module_a.w', 'a.module.w']
    assert stripped._metadata == weights._metadata
    with pytest.raises(CheckpointError, match=r'x\.pth: a\.w and module\.a\.w are one weight'):
        strip_wrappers({'a.w': 0, 'module.a.w': 1, 'b.w': 2}, 'x.pth')


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64])
@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
def test_one_value_that_is_not_finite_is_found_anywhere(dtype, value):
    for place in (0, 77_777, 99_999):
        tensor = torch.ones(100_000, dtype=dtype)
        check_finite(tensor, '')
        tensor[place] = value
        with pytest.raises(CheckpointError, match=r'x\.pth: 1 of its tensors .*: optimizer\.state\.3\.exp_avg\. '):
            check_finite(dict(state={3: dict(exp_avg=tensor, step=torch.tensor(4))}), 'x.pth', 'optimizer')


def test_three_are_named_and_all_counted():
    weights = {f'w{number}': torch.tensor([1.0, float('nan')]) for number in range(5)} | {'whole': torch.ones(2)}
    with pytest.raises(CheckpointError, match='5 of its .* hold NaN or infinity: w0, w1, w2, …. It is damaged'):
        as_checkpoint(weights, 'x.pth')
    harmless = [torch.empty(0), torch.tensor(3), torch.empty(2, device='meta'), None, 'text', 0.5]
    check_finite(harmless, '')


def test_training_does_not_start_from_weights_that_are_not_finite(tmp_path):
    runner = tiny_runner(tmp_path / 'run')
    weights = runner.model.state_dict()
    weights['video.bias'].view(-1)[0] = float('nan')
    torch.save(dict(state_dict=weights), tmp_path / 'nan.pth')
    runner = tiny_runner(tmp_path / 'run', load_from=str(tmp_path / 'nan.pth'))
    with pytest.raises(CheckpointError, match=r'nan\.pth: 1 of its tensors .*video\.bias'):
        runner.train()


def test_training_starts_from_weights_of_a_compiled_and_distributed_model(tmp_path):
    runner = tiny_runner(tmp_path / 'run', train_cfg__max_epochs=1)
    names = list(runner.model.state_dict())
    weights = {f'module._orig_mod.{name}': value for name, value in runner.model.state_dict().items()}
    torch.save(weights, tmp_path / 'compiled.pth')
    runner = tiny_runner(tmp_path / 'run', train_cfg__max_epochs=1, load_from=str(tmp_path / 'compiled.pth'))
    runner.load_or_resume()
    (log,) = (tmp_path / 'run').glob(f'{runner.timestamp}*/*.log')
    assert f"matched: {len(names)} of the model's {len(names)} weights" in log.read_text()
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, weights[f'module._orig_mod.{name}']), name
