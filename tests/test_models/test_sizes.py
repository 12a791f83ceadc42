"""The sizes Base, Large and Huge: parameters, names, operations."""

from collections import Counter

import pytest
import torch
from mmengine.config import Config

from mmavf.checkpoints.conversion import convert_state_dict, mmavf_to_released, released_to_mmavf
from mmavf.models.complexity import count_flops
from mmavf.registry import MODELS
from tests.helpers.models import ROOT
from tests.helpers.tools import run_here

PARTS = dict(
    b=dict(
        total=187_942_660,
        video_encoder=63_865_344,
        audio_encoder=63_209_984,
        correlation=42_034_180,
        video_decoder=9_465_984,
        audio_decoder=8_973_184,
        to_decoder=393_216,
    ),
    l=dict(
        total=336_322_308,
        video_encoder=119_192_960,
        audio_encoder=118_373_760,
        correlation=65_649_924,
        video_decoder=16_552_960,
        audio_decoder=15_896_320,
        to_decoder=655_360,
    ),
    h=dict(
        total=572_665_092,
        video_encoder=213_881_856,
        audio_encoder=212_898_816,
        correlation=94_508_548,
        video_decoder=25_606_016,
        audio_decoder=24_785_536,
        to_decoder=983_040,
    ),
)
FORWARD_GFLOP = dict(b=27.08, l=47.02, h=76.16)
RECOGNIZER_GFLOP = dict(b=83.64, l=155.01, h=276.68)
# encoders and correlation module are those above; head and norm with 11 classes
RECOGNIZER_TOTAL = dict(b=169_122_851, l=303_233_319, h=521_309_229)
HEAD = dict(b=13_323, l=16_651, h=19_979)


def _build(size):
    with torch.device('meta'):
        return MODELS.build(Config.fromfile(str(ROOT / f'configs/avfmae_{size}_pretrain.py')).model)


def _build_recognizer(size):
    model = Config.fromfile(str(ROOT / f'configs/_base_/models/avfmae_{size}_finetune.py')).model
    model.head.num_classes = 11
    with torch.device('meta'):
        return MODELS.build(model)


def _count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize('size', PARTS)
def test_parameters_are_those_of_the_published_sizes(size):
    model = _build(size)
    counts = dict(total=_count(model), correlation=_count(model.correlation), to_decoder=_count(model.to_decoder))
    for m in ('video', 'audio'):
        counts[f'{m}_encoder'] = _count(model.encoders[m])
        counts[f'{m}_decoder'] = _count(model.decoders[m]) - model.decoders[m].mask_token.numel()
    assert counts == PARTS[size]


@pytest.mark.parametrize('size', PARTS)
def test_parameters_of_the_recognizer_are_those_of_the_published_sizes(size):
    model = _build_recognizer(size)
    assert _count(model) == RECOGNIZER_TOTAL[size]
    assert _count(model.head) == HEAD[size]
    assert _count(model.correlation) == PARTS[size]['correlation']
    for m in ('video', 'audio'):
        assert _count(model.encoders[m]) == PARTS[size][f'{m}_encoder']


def test_base_goes_from_pre_training_to_fine_tuning_as_released():
    pretrained, wanted = _shapes(_build('b')), _shapes(_build_recognizer('b'))
    matched = [name for name, shape in wanted.items() if pretrained.get(name) == shape]
    assert len(matched) == 1064
    new = {'fc_norm.weight', 'fc_norm.bias', 'head.weight', 'head.bias', 'layer_weights_video', 'layer_weights_audio'}
    assert wanted.keys() - matched == new
    unused = Counter(name.split('.')[0] for name in pretrained.keys() - wanted.keys())
    parts = dict(decoder=86, encoder_to_decoder=1, mask_token=1)
    assert unused == parts | {f'{part}_audio': count for part, count in parts.items()}


def _shapes(model):
    """Shapes by released names."""
    return {name: tensor.shape for name, tensor in convert_state_dict(model.state_dict(), to_released=True).items()}


@pytest.mark.parametrize('build', [_build, _build_recognizer])
@pytest.mark.parametrize('size', PARTS)
def test_every_name_converts_to_the_released_one_and_back(size, build):
    names = list(build(size).state_dict())
    released = [mmavf_to_released(name) for name in names]
    assert len(set(released)) == len(names)
    assert [released_to_mmavf(name) for name in released] == names


def _complexity(config, monkeypatch, capsys):
    """What tools/analysis_tools/get_complexity.py prints: parameters and GFLOP by part."""
    status, printed, _ = run_here(
        'analysis_tools/get_complexity.py', ROOT / config, monkeypatch=monkeypatch, capsys=capsys
    )
    assert status == 0
    rows = [line.replace(',', '').split() for line in printed.splitlines()[1:]]
    return {part: (int(parameters), float(gflop)) for part, parameters, gflop in rows}


def test_complexity_of_both_modalities_and_of_one(monkeypatch, capsys):
    both = _complexity('configs/finetune/mafw11/avfmae_b_mafw11.py', monkeypatch, capsys)
    assert both['model'] == (RECOGNIZER_TOTAL['b'], RECOGNIZER_GFLOP['b'])
    alone = _complexity('configs/finetune/samm/avfmae_b_samm.py', monkeypatch, capsys)
    head = 2 * 512 + 512 * 3 + 3
    assert alone['model'][0] == PARTS['b']['video_encoder'] + head
    assert alone['encoders.video'] == both['encoders.video']
    assert alone['model'][1] == alone['encoders.video'][1]  # the head's 3,072 operations do not show
    assert not any('audio' in part for part in alone)


@pytest.mark.slow
@pytest.mark.parametrize('size', FORWARD_GFLOP)
def test_operations_per_clip(size):
    configs = {f'configs/avfmae_{size}_pretrain.py': FORWARD_GFLOP[size]}
    configs[f'configs/_base_/models/avfmae_{size}_finetune.py'] = RECOGNIZER_GFLOP[size]
    for path, gflop in configs.items():
        config = Config.fromfile(str(ROOT / path)).model
        if 'head' in config:
            config.head.num_classes = 11
        flops = count_flops(MODELS.build(config))['']
        assert flops / 1e9 == pytest.approx(gflop, abs=0.05 if 'finetune' in path else 0.02 * gflop)
