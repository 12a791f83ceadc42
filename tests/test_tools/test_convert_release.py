"""Converting checkpoints between released names and ours: identical tensors, safe reading, clear errors."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mmavf.checkpoints.conversion import convert_encoders, convert_state_dict, is_related_model
from mmavf.checkpoints.conversion.release_file import convert_file
from mmavf.checkpoints.safe_globals import load_from_local
from mmavf.errors import CheckpointError, ConfigError
from mmavf.models.encoders import ImprovedLGIEncoder, ViTEncoder
from tests.helpers.models import ROOT, build_pretrainer, build_recognizer


def _run(source, destination):
    command = [sys.executable, str(ROOT / 'tools/model_converters/convert_release.py'), str(source), str(destination)]
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_there_and_back_gives_the_identical_state(tmp_path):
    state = convert_state_dict(build_pretrainer().state_dict(), to_released=True)
    args = argparse.Namespace(model='avfmae', lr=1e-3)
    torch.save(dict(model=state, args=args, epoch=99, optimizer={}), tmp_path / 'released.pth')
    assert _run(tmp_path / 'released.pth', tmp_path / 'ours.pth')[0] == 0
    assert _run(tmp_path / 'ours.pth', tmp_path / 'back.pth')[0] == 0
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    model = build_pretrainer(video_decoder=dict(mlp_ratio=4.0))
    assert model.load_state_dict(ours) == torch.nn.modules.module._IncompatibleKeys([], [])
    back = torch.load(tmp_path / 'back.pth', weights_only=True)['model']
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_a_fine_tuned_model_goes_there_and_back(tmp_path):
    model = build_recognizer()
    state = convert_state_dict(model.state_dict(), to_released=True)
    assert {name for name in state if not name.startswith('encoder')} == {
        *('layer_weights_video', 'layer_weights_audio', 'fc_norm.weight', 'fc_norm.bias', 'head.weight', 'head.bias')
    }
    args = argparse.Namespace(nb_classes=5, data=argparse.Namespace(fold=1))
    torch.save(dict(module={f'module.{name}': value for name, value in state.items()}, args=args), tmp_path / 'in.pth')
    convert_file(tmp_path / 'in.pth', tmp_path / 'ours.pth')
    convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth')
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)
    assert ours['meta'] == {}
    ours = ours['state_dict']
    assert model.load_state_dict(ours) == torch.nn.modules.module._IncompatibleKeys([], [])
    back = torch.load(tmp_path / 'back.pth', weights_only=True)['model']
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_what_the_weights_were_trained_on_stays_known(tmp_path):
    state = build_recognizer().state_dict()
    past = dict(protocol=dict(target='tiny', fold='2'), origin=[dict(target='other', fold='1')])
    torch.save(dict(state_dict=state, meta=dict(past, epoch=3), optimizer={}), tmp_path / 'ours.pth')
    convert_file(tmp_path / 'ours.pth', tmp_path / 'released.pth')
    convert_file(tmp_path / 'released.pth', tmp_path / 'back.pth')
    back = torch.load(tmp_path / 'back.pth', weights_only=True)
    assert back['meta'] == past and back.keys() == {'state_dict', 'meta'}


SMALL = dict(embed_dims=32, num_heads=2, depth=2)
AUDIO = dict(input_size=(256, 128), patch_size=(16, 16), in_channels=1)


def _released(encoder, modality):
    """An encoder's state by released names."""
    ours = {f'encoders.{modality}.{name}': value for name, value in encoder.state_dict().items()}
    return convert_state_dict(ours, to_released=True)


def _part(converted, modality):
    prefix = f'encoders.{modality}.'
    return {name.removeprefix(prefix): value for name, value in converted.items() if name.startswith(prefix)}


def test_encoders_of_hicmae_are_taken_over_and_the_rest_is_listed(tmp_path):
    encoders = dict(video=ViTEncoder(**SMALL), audio=ViTEncoder(**SMALL, **AUDIO))
    state = {name: value for m, encoder in encoders.items() for name, value in _released(encoder, m).items()}
    qkv = encoders['audio'].blocks[1].self_attn.attn.qkv.weight
    assert torch.equal(state['encoder_audio.blocks.1.attn.qkv.weight'], qkv)
    # these mean something else in AVF-MAE++
    fusion = ('encoder_fusion.blocks.0.norm1.weight', 'encoder_fusion.blocks_audio.0.cross_attn.q.weight')
    state |= dict.fromkeys((*fusion, 'video_layer_weights', 'head.weight'), torch.ones(3))
    torch.save(dict(model=state, args=argparse.Namespace()), tmp_path / 'hicmae.pth')
    output = convert_file(tmp_path / 'hicmae.pth', tmp_path / 'ours.pth')
    assert '4 left out' in output and 'encoder_fusion (2), video_layer_weights (1), head (1)' in output
    converted = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    for m, encoder in encoders.items():
        encoder.load_state_dict(_part(converted, m), strict=True)
    assert len(converted) == len(state) - 4


@pytest.mark.parametrize('stage', ['pretrain', 'finetune'])
def test_the_encoder_of_mae_dfer_is_taken_over(stage):
    encoder = ImprovedLGIEncoder(**SMALL, stage_iv=False, final_norm=stage == 'pretrain')
    state, left_out = _released(encoder, 'video'), []
    if stage == 'finetune':  # the encoder's parts stand at the top, beside a head that fits
        state = {name.removeprefix('encoder.'): value for name, value in state.items()}
        state |= {'fc_norm.weight': torch.ones(32), 'head.bias': torch.ones(5)}
    else:
        left_out = ['mask_token', 'decoder.blocks.1.norm1.weight', 'encoder_to_decoder.weight']
        state |= dict.fromkeys(left_out, torch.ones(1))
    assert is_related_model(state)
    converted, rest = convert_encoders(state)
    assert rest == left_out
    encoder.load_state_dict(_part(converted, 'video'), strict=True)
    assert ({'head.norm.weight', 'head.fc.bias'} <= converted.keys()) == (stage == 'finetune')


def test_models_of_avfmae_are_told_from_related_ones():
    video = build_recognizer(audio_encoder=None, correlation=None)
    for model in (build_pretrainer(), build_recognizer(), video):
        assert not is_related_model(convert_state_dict(model.state_dict(), to_released=True))


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize('inside_namespace', [False, True])
def test_a_pickle_bomb_is_refused_and_nothing_runs(tmp_path, inside_namespace):
    args = Bomb(str(tmp_path / 'boom'))
    args = argparse.Namespace(lr=args) if inside_namespace else args
    torch.save(dict(model={'encoder.norm.weight': torch.ones(2)}, args=args), tmp_path / 'bad.pth')
    status, output = _run(tmp_path / 'bad.pth', tmp_path / 'out.pth')
    assert status == 1 and 'CheckpointError' in output and 'bad.pth' in output
    assert not (tmp_path / 'boom').exists() and not (tmp_path / 'out.pth').exists()


def test_unknown_names_are_listed(tmp_path):
    torch.save(dict(model={'backbone.conv1.weight': torch.ones(2)}), tmp_path / 'other.pth')
    status, output = _run(tmp_path / 'other.pth', tmp_path / 'out.pth')
    assert status == 1 and 'backbone.conv1.weight' in output and 'Traceback' not in output


def test_a_namespace_loads_in_the_converter_only(tmp_path):
    torch.save(dict(state_dict={}, args=argparse.Namespace()), tmp_path / 'released.pth')
    with pytest.raises(CheckpointError, match=r'argparse\.Namespace'):
        load_from_local(str(tmp_path / 'released.pth'))


@pytest.mark.parametrize('container', ['safetensors', '_orig_mod.', 'module._orig_mod.', '_orig_mod.module.module.'])
def test_other_forms_of_released_weights_are_read(tmp_path, container):
    state = convert_state_dict(build_recognizer().state_dict(), to_released=True)
    if container == 'safetensors':
        save_file(state, tmp_path / 'in.bin')  # known by its bytes
    else:
        torch.save(dict(net={container + name: value for name, value in state.items()}), tmp_path / 'in.bin')
    convert_file(tmp_path / 'in.bin', tmp_path / 'ours.pth')
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    build_recognizer().load_state_dict(ours, strict=True)
    assert all(torch.equal(ours[name], value) for name, value in convert_state_dict(state).items())


def test_the_source_is_never_written_over(tmp_path, monkeypatch):
    state = build_recognizer().state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'ours.pth')
    before = (tmp_path / 'ours.pth').read_bytes()
    (tmp_path / 'folder').mkdir()
    os.symlink(tmp_path / 'ours.pth', tmp_path / 'symbolic.pth')
    os.link(tmp_path / 'ours.pth', tmp_path / 'hard.pth')
    monkeypatch.chdir(tmp_path)
    for name in ('ours.pth', 'folder/../ours.pth', 'symbolic.pth', 'hard.pth', tmp_path / 'ours.pth'):
        with pytest.raises(ConfigError, match='is SRC itself'):
            convert_file(Path('ours.pth'), Path(name))
    with pytest.raises(ConfigError, match='is a folder'):
        convert_file(Path('ours.pth'), Path('folder'))
    assert (tmp_path / 'ours.pth').read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['folder', 'hard.pth', 'ours.pth', 'symbolic.pth']


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    torch.save(dict(state_dict=build_recognizer().state_dict()), tmp_path / 'ours.pth')
    status, output = _run(tmp_path / 'ours.pth', tmp_path / 'ours.pth/out.pth')
    assert status == 1 and 'there is a file where a folder is needed' in output and 'Traceback' not in output


def test_weights_that_are_not_finite_are_refused(tmp_path):
    state = convert_state_dict(build_recognizer().state_dict(), to_released=True)
    state['encoder.norm.weight'][3] = float('nan')
    torch.save(dict(model=state), tmp_path / 'in.pth')
    with pytest.raises(CheckpointError, match=r'in\.pth: 1 of its tensors .*encoder\.norm\.weight'):
        convert_file(tmp_path / 'in.pth', tmp_path / 'ours.pth')
    assert not (tmp_path / 'ours.pth').exists()
