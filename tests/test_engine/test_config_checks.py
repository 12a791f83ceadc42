"""Faults of a config that MMEngine does not see."""

import pytest
from mmengine.config import Config

from mmavf.engine import AVFRunner
from mmavf.engine.config_checks import check_keys
from mmavf.engine.config_file import load_config
from mmavf.errors import ConfigError
from tests.helpers.train import ROOT, TINY, TINY_FOLDS

BASE = f'_base_ = [{str(TINY)!r}]\n'
IMPORT = 'from tests.helpers.tiny import TinyModel\n'
MODEL = 'model = dict(_delete_=True, type=TinyModel)\n'


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('protocol.val_shar', r'protocol has no key val_shar; did you mean val_share\?'),
        ('auto_scale_lr.enabled', r'auto_scale_lr has no key enabled; did you mean enable\?'),
        ('randomness.sead', r'randomness has no key sead; did you mean seed\?'),
        ('env_cfg.cudnn_bench', r'env_cfg has no key cudnn_bench; did you mean cudnn_benchmark\?'),
        ('env_cfg.mp_cfg.start', r'mp_cfg has no key start; .*mp_start_method'),
        ('env_cfg.dist_cfg.time_out', r'dist_cfg has no key time_out; did you mean timeout\?'),
        ('train_dataloader.num_wokers', r'train_dataloader has no key num_wokers; did you mean num_workers\?'),
        ('val_dataloader.batchsize', r'val_dataloader has no key batchsize; did you mean batch_size\?'),
        ('train_cfg.val_intervall', r'train_cfg has no key val_intervall; did you mean val_interval\?'),
        ('train_cfg.dynamic_interval', r'did you mean dynamic_intervals\?'),
        ('val_cfg.dtyp', r'val_cfg has no key dtyp; did you mean dtype\?'),
        ('test_cfg.by_epoch', r'test_cfg has no key by_epoch; it takes '),
        ('default_hooks.checkpiont.interval', r'default_hooks\.checkpiont names no hook \(type\); .*checkpoint\?'),
        ('custom_imports.xyz', r'custom_imports has no key xyz; it takes allow_failed_imports, imports\.'),
    ],
)
def test_misspelt_keys(option, message):
    with pytest.raises(ConfigError, match=message):
        load_config(str(TINY_FOLDS), {option: 1})
    cfg = Config.fromfile(TINY_FOLDS)
    cfg.merge_from_dict({option: 1})
    with pytest.raises(ConfigError, match=message):
        AVFRunner.from_cfg(cfg)


def test_a_loop_takes_the_keys_of_its_class():
    check_keys(dict(val_cfg=dict(type='AVFValLoop', dtype='float32'), test_cfg=dict(fp16=False)))
    with pytest.raises(ConfigError, match=r'val_cfg has no key dtyp; did you mean dtype\?'):
        check_keys(dict(val_cfg=dict(type='AVFValLoop', dtyp='float32')))


def test_all_configs_of_the_project_have_known_keys():
    for path in sorted(ROOT.glob('configs/*.py')) + sorted(ROOT.glob('configs/finetune/*/*_b_*.py')):
        load_config(str(path))


@pytest.mark.parametrize('text', [IMPORT + BASE + MODEL, BASE + IMPORT + MODEL], ids=['before', 'behind'])
def test_a_class_that_is_imported_beside_base(tmp_path, text):
    path = tmp_path / 'config.py'
    path.write_text(text)
    with pytest.raises(ConfigError, match=r'custom_imports=dict\(imports=') as caught:
        load_config(str(path))
    assert '\n' not in str(caught.value) and str(path) in str(caught.value)


def test_a_class_that_a_base_imports(tmp_path):
    (tmp_path / 'base.py').write_text(IMPORT + 'model = dict(type=TinyModel)\n')
    path = tmp_path / 'config.py'
    path.write_text("_base_ = ['base.py']\n")
    with pytest.raises(ConfigError, match='neither a config with `_base_` nor the base itself may import'):
        load_config(str(path))


def test_modules_and_functions_that_only_help_to_compute_values_are_fine(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(BASE + 'import math\ndef half(x):\n    return x / 2\nmodel = dict(noise=half(math.pi) > 1)\n')
    assert load_config(str(path)).model == dict(type='TinyModel', noise=True)
