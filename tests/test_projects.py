"""Models of the plugins pass the common checks; those of all sizes have the published numbers."""

import itertools
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException

from mmavf.models.complexity import count_flops, count_hidden_embedding, input_sizes
from mmavf.models.losses import MaskedMSELoss
from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.recognizers.avf_recognizer import RecognizerOutput
from mmavf.registry import MODELS
from mmavf.testing.conformance import (
    check_export,
    check_gradients,
    check_reload,
    check_step_without_data,
    check_update_without_data,
    check_whole_graph,
    leaks,
)
from tests.helpers.baselines import BASELINES, build_baseline
from tests.helpers.squares import RELATED, images, parts

ROOT = Path(__file__).parents[1] / 'projects'
METHODS = ('hicmae', 'mae_dfer', 'svfap', 'videomae')
# of every method, and of another patch size; sizes of a method differ in widths and depths, which are shrunk
PRETRAIN = [
    *sorted(ROOT.glob('*/configs/*_b_pretrain.py')),
    ROOT / 'videomae/configs/videomae_v2_g_pretrain.py',
]
CONFIGS = sorted(path for path in ROOT.glob('*/configs/*.py') if path.parents[1].name in METHODS)
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
    return cfg, model, {m: torch.randn(2, *size) for m, size in input_sizes(model).items()}


def test_a_pretraining_model_keeps_its_contract(built):
    cfg, model, inputs = built
    check_gradients(model, inputs)
    assert not leaks(model, inputs)
    check_reload(model, MODELS.build(cfg))
    check_step_without_data(model, inputs)


@pytest.mark.parametrize('stage', [pytest.param('', marks=pytest.mark.slow), '_finetune'])
@pytest.mark.parametrize('method', [*BASELINES, 'AVF-MAE++'])
def test_a_model_is_exported(method, stage):
    model = build_baseline(method, stage)
    check_export(model, {m: torch.randn(2, *size) for m, size in input_sizes(model).items()})


@pytest.mark.slow
@pytest.mark.parametrize('method', [*BASELINES, 'AVF-MAE++'])
def test_a_step_is_one_graph(method):
    model = build_baseline(method, '')
    check_whole_graph(model, {m: torch.randn(2, *size) for m, size in input_sizes(model).items()})


class Peeking(MaskedMSELoss):
    """A loss that looks at a value."""

    def forward(self, pred, target, weight):
        return super().forward(pred, target, weight) if weight.sum() else pred.sum()


def test_a_model_that_looks_at_a_value_in_its_step_is_found():
    model = MaskedAutoencoder(**parts('a', reconstruction_loss=Peeking()))
    with pytest.raises(torch._dynamo.exc.Unsupported):
        check_whole_graph(model, images('a'))
    with pytest.raises(RuntimeError, match='meta'):
        check_step_without_data(model, images('a'))


def test_an_update_that_looks_at_a_value_is_found(monkeypatch):
    check_update_without_data(MaskedAutoencoder(**parts('a', 'b', **RELATED)), images('a', 'b'))
    step = torch.optim.AdamW.step

    def peeking(self, *args, **kwargs):
        if self.found_inf:
            return None
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, 'step', peeking)
    with pytest.raises(DataDependentOutputException):
        check_update_without_data(MaskedAutoencoder(**parts('a')), images('a'))


def test_a_program_that_fixes_what_it_saw_is_found():
    class Counting(nn.Module):
        calls = itertools.count(1)

        def forward(self, inputs):
            return RecognizerOutput(inputs['audio'], inputs['audio'] * next(self.calls))

    with pytest.raises(AssertionError, match='differs by .* in logits'):
        check_export(Counting(), dict(audio=torch.ones(2, 3)))


def test_what_the_released_svfap_sees_is_found():
    cfg = shrunk(model_config(ROOT / 'svfap/configs/svfap_b_pretrain.py'))
    cfg.encoders.video.released_context = True
    assert leaks(MODELS.build(cfg), dict(video=torch.randn(2, 3, 16, 160, 160)))


@pytest.mark.parametrize(
    ('config', 'count', 'gflop'),
    [
        ('hicmae/configs/hicmae_t_pretrain.py', 22_746_368, 6.28),
        ('hicmae/configs/hicmae_s_pretrain.py', 50_584_576, 12.27),
        ('hicmae/configs/hicmae_b_pretrain.py', 99_609_344, 30.28),
        ('mae_dfer/configs/mae_dfer_b_pretrain.py', 92_760_192, 28.05),
        ('svfap/configs/svfap_b_pretrain.py', 85_517_200, 25.85),
        ('svfap/configs/svfap_s_pretrain.py', 37_512_208, 20.30),
        ('videomae/configs/videomae_v2_s_pretrain_224.py', 24_029_376, 15.68),
        ('videomae/configs/videomae_v2_b_pretrain.py', 94_210_944, 24.44),
        ('videomae/configs/videomae_v2_b_pretrain_224.py', 94_210_944, 51.68),
        ('videomae/configs/videomae_v2_l_pretrain_224.py', 317_782_016, 136.54),
        ('videomae/configs/videomae_v2_h_pretrain_224.py', 645_659_392, 244.19),
        ('videomae/configs/videomae_v2_g_pretrain.py', 1_026_306_560, 483.23),
    ],
)
def test_pretraining_models_have_the_published_numbers(config, count, gflop):
    model = on_meta(model_config(ROOT / config))
    assert parameters(model) == count
    # the released programs also embed what they then hide: 2 operations for each value of a patch and channel
    weights = {m: encoder.patch_embed.proj.weight.numel() for m, encoder in model.encoders.items()}
    embedding = sum(2 * num_hidden(model, m) * weight for m, weight in weights.items())
    assert count_hidden_embedding(model) == embedding > 0
    assert (count_flops(model)[''] + embedding) / 1e9 == pytest.approx(gflop, abs=0.006)


@pytest.mark.parametrize(
    ('config', 'classes', 'count', 'gflop'),
    [
        ('hicmae/configs/hicmae_t_finetune.py', 11, 20_478_495, 27.62),
        ('hicmae/configs/hicmae_s_finetune.py', 8, 45_655_324, 55.30),
        ('hicmae/configs/hicmae_b_finetune.py', 43, 80_868_415, 92.22),
        ('mae_dfer/configs/mae_dfer_b_finetune.py', 7, 84_878_343, 99.31),
        ('svfap/configs/svfap_b_finetune.py', 7, 77_635_351, 87.08),
        ('svfap/configs/svfap_s_finetune.py', 7, 29_678_615, 36.07),
        ('videomae/configs/videomae_v2_b_finetune.py', 11, 86_235_659, 161.38),
        ('videomae/configs/videomae_v2_g_finetune.py', 710, 1_012_611_142, 5085.58),
    ],
)
def test_fine_tuned_models_have_the_published_numbers(config, classes, count, gflop):
    cfg = model_config(ROOT / config)
    cfg.head.num_classes = classes
    model = on_meta(cfg)
    assert parameters(model) == count
    assert count_hidden_embedding(model) == 0
    assert count_flops(model)[''] / 1e9 == pytest.approx(gflop, abs=0.006)


@pytest.mark.parametrize(
    ('size', 'count', 'gflop'),
    [
        ('s', 22_153_286, 113.76),
        ('b', 86_773_190, 360.69),
        ('l', 304_588_486, 1193.67),
        ('h', 632_516_550, 2381.99),
    ],
)
def test_fine_tuned_videomae_has_the_published_numbers_at_224_pixels(size, count, gflop):
    cfg = model_config(ROOT / f'videomae/configs/videomae_v2_{size}_finetune.py')
    cfg.head.num_classes = 710
    cfg.video_encoder.input_size = (16, 224, 224)
    model = on_meta(cfg)
    assert parameters(model) == count
    assert count_flops(model)[''] / 1e9 == pytest.approx(gflop, abs=0.006)


@pytest.mark.parametrize(
    'path',
    [pytest.param(path, id=path.stem, marks=[] if '_b_' in path.stem else [pytest.mark.slow]) for path in CONFIGS],
)
def test_the_head_of_a_config_tells_its_size(path):
    cfg = model_config(path)
    if 'head' in cfg:
        cfg.head.num_classes = int(re.search(r'with (\d+) classes', head_comment(path))[1])
    model = on_meta(cfg)
    flops = count_flops(model)['']
    size = f'{parameters(model) / 1e6:.1f} M parameters'
    assert size in head_comment(path)
    assert f', {flops / 1e9:.1f} GFLOP forward per clip' in head_comment(path)
    if embedding := count_hidden_embedding(model):
        assert f'({(flops + embedding) / 1e9:.1f} with hidden patches embedded)' in head_comment(path)


def on_meta(cfg: dict) -> nn.Module:
    with torch.device('meta'):
        return MODELS.build(cfg).to('meta')


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def num_hidden(model: nn.Module, modality: str) -> int:
    """Tokens that the masks hide: of video the same 90 % in each of 8 slices, of sound 80 %."""
    tokens = model.encoders[modality].num_tokens
    return 8 * int(0.9 * (tokens // 8)) if modality == 'video' else int(0.8 * tokens)


def head_comment(path: Path) -> str:
    lines = path.read_text().split('\n')
    return ' '.join(line.removeprefix('# ') for line in itertools.takewhile(lambda line: line[:1] == '#', lines))
