"""Configs are read in one way: YAML as data, errors in one line, values that cannot work refused by name."""

import json

import mmengine
import pytest

from mmavf.engine.config_file import load_config
from mmavf.errors import ConfigError
from tests.helpers.train import TINY


def test_yaml_and_json_are_read_as_data(tmp_path):
    values = dict(model=dict(type='Tiny'), train_cfg=dict(max_epochs=3))
    (tmp_path / 'a.json').write_text(json.dumps(values))
    (tmp_path / 'a.yaml').write_text('model:\n  type: Tiny\ntrain_cfg: {max_epochs: 3}\n')
    for name in ('a.json', 'a.yaml'):
        assert load_config(str(tmp_path / name)).to_dict() == values


@pytest.mark.parametrize('name', ['evil.yaml', 'evil.yml', 'child.yaml', 'child.json', 'child.py'])
def test_a_yaml_config_runs_nothing(tmp_path, name):
    victim = tmp_path / 'executed'
    text = f'model: !!python/object/apply:os.mkdir ["{victim}"]\n'
    for evil in ('evil.yaml', 'evil.yml'):
        (tmp_path / evil).write_text(text)
    (tmp_path / 'child.yaml').write_text('_base_: evil.yaml\n')
    (tmp_path / 'child.json').write_text('{"_base_": "evil.yaml"}')
    (tmp_path / 'child.py').write_text("_base_ = 'evil.yaml'\n")
    with pytest.raises(ConfigError, match=f'{name} cannot be read: ') as caught:
        load_config(str(tmp_path / name))
    assert '\n' not in str(caught.value)
    with pytest.raises(Exception, match='python/object'):
        mmengine.load(tmp_path / 'evil.yaml')
    assert not victim.exists()


@pytest.mark.parametrize(
    ('name', 'text', 'told'),
    [
        ('a.py', 'model = dict(\n', 'SyntaxError'),
        ('a.py', 'x = 1\ny = z\n', r'NameError in .*a\.py, line 2: .*z'),
        ('a.py', "_base_ = 'nowhere.py'\n", 'nowhere.py'),
        ('a.py', "custom_imports = dict(imports=['no_such_module'])\n", 'no_such_module'),
        ('a.json', '{"model": ', 'JSONDecodeError'),
        ('a.yaml', 'a: [1\n', 'a.yaml'),
        ('a.txt', 'x = 1', 'py/yml/yaml/json'),
    ],
)
def test_a_config_with_an_error_is_one_line(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        load_config(str(tmp_path / name))
    assert str(tmp_path / name) in str(caught.value) and '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('train_dataloader.batch_size', 0),
        ('train_dataloader.batch_size', -1),
        ('train_dataloader.batch_size', 2.5),
        ('train_dataloader.batch_size', 'two'),
        ('train_dataloader.num_workers', -1),
        ('train_dataloader.num_workers', 'many'),
        ('train_dataloader.prefetch_factor', 0),
        ('randomness.seed', -1),
        ('randomness.seed', 2**32),
        ('randomness.seed', 'abc'),
        ('train_dataloader.timeout', -1),
        ('train_cfg.val_interval', 0),
        ('log_level', 'LOUD'),
        ('load_from', 5),
        ('randomness', 3),
        ('env_cfg', 3),
        ('auto_scale_lr', True),
        ('default_hooks', 5),
        ('custom_hooks', 5),
        ('param_scheduler', 3),
        ('train_cfg.max_epochs', 'x'),
        ('train_cfg.max_epochs', 0),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(key, value):
    with pytest.raises(ConfigError, match=f'^{key} must be .*{value}'):
        load_config(str(TINY), {key: value})
    for good in ({'train_dataloader.num_workers': 'auto'}, {'randomness.seed': 2**32 - 1}, {'load_from': 'a.pth'}):
        load_config(str(TINY), good)


def test_overrides_mean_the_same_for_every_config_that_they_are_merged_into():
    """MMEngine removes `_delete_` from the caller's overrides: a second config would be merged, not replaced."""
    overrides = {'default_scope': 'mmavf', 'train_cfg': dict(_delete_=True, type='ResumableTrainLoop', max_epochs=7)}
    configs = [load_config(str(TINY), overrides) for _ in range(2)]
    assert configs[0].train_cfg == configs[1].train_cfg == dict(type='ResumableTrainLoop', max_epochs=7)
    assert overrides['train_cfg']['_delete_']
