"""Every shipped config loads, builds its model without memory, and says what the released recipes say."""

import pytest
import torch
from mmengine.config import Config

from mmavf.registry import MODELS
from tests.helpers.models import ROOT

CONFIGS = sorted(
    str(path.relative_to(ROOT))
    for folder in ('configs', 'projects')
    for path in (ROOT / folder).rglob('*.py')
    if '_base_' not in path.parts and 'configs' in path.parts and path.name != 'default_runtime.py'
)


@pytest.mark.parametrize('path', CONFIGS)
def test_the_model_builds_on_the_meta_device(path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    config = Config.fromfile(str(ROOT / path))
    with torch.device('meta'):
        model = MODELS.build(config.model)
    assert sum(p.numel() for p in model.parameters()) > 1e6
    assert all(p.is_meta for p in model.parameters())
    head = (ROOT / path).read_text().splitlines()[0]
    assert head.startswith(('#', '"""')), 'the head of a config says what it is'


@pytest.mark.parametrize(
    ('size', 'batch', 'rate', 'warmup', 'epochs', 'clip'),
    [('b', 164, 1.2e-4, 10, 150, None), ('l', 150, 3e-4, 5, 100, None), ('h', 100, 2e-4, 10, 100, {'max_norm': 0.7})],
)
def test_released_hyper_parameters(size, batch, rate, warmup, epochs, clip):
    config = Config.fromfile(str(ROOT / f'configs/avfmae_{size}_pretrain.py'))
    optimizer = config.optim_wrapper.optimizer
    assert config.train_dataloader.batch_size == batch and config.train_cfg.max_epochs == epochs
    assert (optimizer.lr, optimizer.weight_decay, optimizer.betas) == (rate, 0.05, (0.9, 0.95))
    assert config.optim_wrapper.clip_grad == clip
    schedule = config.param_scheduler[0]
    assert schedule.warmup == warmup and schedule.eta_min_ratio * rate == pytest.approx(1e-5)
    assert config.auto_scale_lr == dict(enable=True, base_batch_size=256)
    assert config.model.contrastive_loss.loss_weight == 0.0025
    roots = [part.data_root for part in config.train_dataloader.dataset.datasets]
    corpora = ('voxceleb2', 'cn_celeb', 'av_speech', 'celebv_hq', 'mer2024_unlabelled')
    assert roots == [f'data/{corpus}' for corpus in corpora]


def test_the_tiny_model_is_tiny():
    config = Config.fromfile(str(ROOT / 'configs/demo/avfmae_tiny_pretrain.py'))
    with torch.device('meta'):
        model = MODELS.build(config.model)
    assert sum(p.numel() for p in model.parameters()) <= 3e6
