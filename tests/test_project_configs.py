"""Configs that fine-tune the methods of projects/ as published: model, list, hyper-parameters."""

import runpy

import pytest
from mmengine.config import Config

from mmavf.datasets.targets import CARDS
from tests.helpers.models import ROOT

count_parameters = runpy.run_path(str(ROOT / 'tools/misc/target_configs.py'))['count_parameters']
# method, target → parameters, processes x clips, rate for 256, epochs, stride; as published
PUBLISHED = {
    ('hicmae', 'mafw11'): (80_802_847, 4 * 14, 1e-3, 100, 4),
    ('hicmae', 'crema_d6'): (80_792_602, 4 * 14, 1e-3, 50, 4),
    ('mae_dfer', 'dfew'): (84_878_343, 3 * 32, 1e-3, 100, 4),
    ('mae_dfer', 'mafw11'): (84_880_395, 3 * 32, 1e-3, 100, 4),
    ('mae_dfer', 'ferv39k'): (84_878_343, 3 * 40, 1e-3, 100, 1),
    ('svfap', 'dfew'): (77_635_351, 4 * 16, 1e-3, 100, 4),
    ('svfap', 'mafw11'): (77_637_403, 4 * 16, 1e-3, 100, 4),
    ('svfap', 'ferv39k'): (77_635_351, 4 * 16, 1e-3, 100, 1),
}
GPUS = dict(hicmae=4, mae_dfer=3, svfap=4)


def test_every_fine_tuning_config_is_a_published_one():
    shipped = {path.name for path in ROOT.glob('projects/*/configs/finetune/*.py')}
    assert shipped == {f'{method}_b_{target}.py' for method, target in PUBLISHED}


@pytest.mark.parametrize(('method', 'target'), PUBLISHED)
def test_published_fine_tuning(method, target, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    path = ROOT / f'projects/{method}/configs/finetune/{method}_b_{target}.py'
    config, card = Config.fromfile(str(path)), CARDS[target]
    parameters, batch, rate, epochs, stride = PUBLISHED[method, target]
    assert count_parameters(repr(config.model.to_dict())) == parameters
    assert config.train_dataloader.batch_size * GPUS[method] == batch
    assert f'.py {GPUS[method]}' in path.read_text(), 'the command starts as many processes'
    optimizer, schedule = config.optim_wrapper.optimizer, config.param_scheduler[0]
    assert (optimizer.lr, optimizer.weight_decay, optimizer.betas) == (rate, 0.05, (0.9, 0.999))
    assert config.auto_scale_lr == dict(enable=True, base_batch_size=256)
    assert config.optim_wrapper.paramwise_cfg.layer_decay_rate == 0.75
    assert (config.train_cfg.max_epochs, schedule.warmup) == (epochs, 5)
    assert schedule.eta_min_ratio * rate == pytest.approx(1e-6)
    mixing = config.model.data_preprocessor.batch_augment
    assert mixing.num_classes == config.model.head.num_classes == card.num_classes
    assert config.model.video_encoder.drop_path_rate == 0.1
    for part in ('train', 'val', 'test'):
        dataset = config[f'{part}_dataloader'].dataset
        (window,) = (step for step in dataset.pipeline if step.type == 'SampleWindow')
        assert window.frame_interval == stride and dataset.split.part == part
        assert (dataset.data_root, dataset.metainfo.classes) == (f'data/{target}', list(card.classes))
        assert any(step.type == 'ReadAudio' for step in dataset.pipeline) == (method == 'hicmae')
    assert window.num_clips == 2, 'the test averages two windows'
    assert config.protocol.target == target


@pytest.mark.parametrize('base', ['hicmae_b', 'mae_dfer_b', 'svfap_b', 'videomae_v2_b'])
def test_another_target_is_four_lines(base, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    (path,) = ROOT.glob(f'projects/*/configs/{base}_finetune.py')
    readme = (path.parents[1] / 'README.md').read_text()
    block = readme.split('## Fine-tuning on a target')[1].split('```python\n')[1].split('```')[0]
    (tmp_path / 'mine.py').write_text(block.replace("'projects/", f"'{ROOT}/projects/"))
    config = Config.fromfile(str(tmp_path / 'mine.py'))
    assert count_parameters(repr(config.model.to_dict())) > 7e7
    assert config.model.head.num_classes == len(config.test_evaluator.classes) == 8
    assert config.train_dataloader.dataset.data_root == 'data/ravdess'
