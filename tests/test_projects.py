"""Every pre-training model of the plugins passes the common checks; models of all sizes have the published numbers."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmavf.registry import MODELS
from mmavf.testing.conformance import check_gradients, check_reload, check_step_without_data, leaks

ROOT = Path(__file__).parents[1] / 'projects'
# of every method, and of another patch size; sizes of a method differ in widths and depths, which are shrunk
PRETRAIN = [
    *sorted(ROOT.glob('*/configs/*_b_pretrain.py')),
    ROOT / 'videomae/configs/videomae_v2_g_pretrain.py',
]
SMALL = dict(embed_dims=48, num_heads=4)


def model_config(path: Path) -> dict:
    config = Config.fromfile(path)
    for name in config.get('custom_imports', {}).get('imports', []):
        __import__(name)
    return config.model


def shrunk(cfg: dict) -> dict:
    """Return a model's config at tiny widths and depths."""
    for encoder in cfg['encoders'].values():
        encoder.update(SMALL)
        if 'depths' in encoder:
            encoder['depths'] = (1, 2, 2)
        else:
            encoder['depth'] = 2
        if encoder.get('out_indices'):
            encoder['out_indices'] = (0, 1)
    for decoder in cfg['decoders'].values():
        decoder.update(SMALL)
        if 'depth' in decoder:
            decoder['depth'] = 2
    if cfg.get('correlation'):
        cfg['correlation'].update(SMALL, num_units=1)
    return cfg


@pytest.fixture(params=PRETRAIN, ids=lambda path: path.stem)
def built(request):
    """A shrunk model with its config and clips."""
    cfg = shrunk(model_config(request.param))
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    sizes = {
        m: (part.in_channels, *(g * p for g, p in zip(part.grid, part.patch_size, strict=True)))
        for m, part in model.encoders.items()
    }
    return cfg, model, {m: torch.randn(2, *size) for m, size in sizes.items()}


def test_a_pretraining_model_keeps_its_contract(built):
    cfg, model, inputs = built
    check_gradients(model, inputs)
    assert not leaks(model, inputs)
    check_reload(model, MODELS.build(cfg))
    check_step_without_data(model, inputs)


def test_what_the_released_svfap_sees_is_found():
    cfg = shrunk(model_config(ROOT / 'svfap/configs/svfap_b_pretrain.py'))
    cfg.encoders.video.released_context = True
    assert leaks(MODELS.build(cfg), dict(video=torch.randn(2, 3, 16, 160, 160)))


@pytest.mark.parametrize(
    ('config', 'count'),
    [
        ('hicmae/configs/hicmae_t_pretrain.py', 22_746_368),
        ('hicmae/configs/hicmae_s_pretrain.py', 50_584_576),
        ('hicmae/configs/hicmae_b_pretrain.py', 99_609_344),
        ('mae_dfer/configs/mae_dfer_b_pretrain.py', 92_760_192),
        ('svfap/configs/svfap_b_pretrain.py', 85_517_200),
        ('svfap/configs/svfap_s_pretrain.py', 37_512_208),
        ('videomae/configs/videomae_v2_s_pretrain.py', 24_029_376),
        ('videomae/configs/videomae_v2_b_pretrain.py', 94_210_944),
        ('videomae/configs/videomae_v2_b_pretrain_224.py', 94_210_944),
        ('videomae/configs/videomae_v2_l_pretrain.py', 317_782_016),
        ('videomae/configs/videomae_v2_h_pretrain.py', 645_659_392),
        ('videomae/configs/videomae_v2_g_pretrain.py', 1_026_306_560),
    ],
)
def test_pretraining_models_have_the_published_numbers_of_parameters(config, count):
    assert parameters(model_config(ROOT / config)) == count


@pytest.mark.parametrize(
    ('config', 'classes', 'count'),
    [
        ('hicmae/configs/hicmae_t_finetune.py', 11, 20_478_495),
        ('hicmae/configs/hicmae_s_finetune.py', 8, 45_655_324),
        ('hicmae/configs/hicmae_b_finetune.py', 43, 80_868_415),
        ('mae_dfer/configs/mae_dfer_b_finetune.py', 7, 84_878_343),
        ('svfap/configs/svfap_b_finetune.py', 7, 77_635_351),
        ('svfap/configs/svfap_s_finetune.py', 7, 29_678_615),
        ('videomae/configs/videomae_v2_s_finetune.py', 710, 22_153_286),
        ('videomae/configs/videomae_v2_b_finetune.py', 11, 86_235_659),
        ('videomae/configs/videomae_v2_l_finetune.py', 710, 304_588_486),
        ('videomae/configs/videomae_v2_h_finetune.py', 710, 632_516_550),
        ('videomae/configs/videomae_v2_g_finetune.py', 710, 1_012_611_142),
    ],
)
def test_fine_tuned_models_have_the_published_numbers_of_parameters(config, classes, count):
    cfg = model_config(ROOT / config)
    cfg.head.num_classes = classes
    assert parameters(cfg) == count


def parameters(cfg: dict) -> int:
    with torch.device('meta'):
        return sum(p.numel() for p in MODELS.build(cfg).parameters())
