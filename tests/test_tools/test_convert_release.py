"""Converting checkpoints between released names and ours: identical tensors, safe reading, clear errors."""

import argparse
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mmavf.checkpoints.conversion import (
    Family,
    Marks,
    NameTable,
    convert_state_dict,
    families,
    find_family,
    register_family,
)
from mmavf.checkpoints.conversion.release_file import convert_file
from mmavf.checkpoints.safe_globals import load_from_local
from mmavf.cli.main import main
from mmavf.errors import CheckpointError, ConfigError
from tests.helpers.baselines import BASELINES, build_baseline
from tests.helpers.forked import run_forked
from tests.helpers.models import ROOT, build_pretrainer, build_recognizer


def _run(source, destination):
    done = run_forked(ROOT / 'tools/model_converters/convert_release.py', source, destination)
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
    assert ours['meta'] == dict(converted_from='/'.join(tmp_path.parts[-2:]) + '/in.pth')
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


@pytest.mark.parametrize('stage', ['', '_finetune'])
@pytest.mark.parametrize('family', [*BASELINES, 'AVF-MAE++'])
def test_every_method_is_told_by_its_names_and_goes_there_and_back(tmp_path, family, stage):
    model = build_baseline(family, stage)
    state = convert_state_dict(model.state_dict(), to_released=True)
    assert find_family(state).name == family
    prefix = 'backbone.' if stage and family not in ('HiCMAE', 'AVF-MAE++') else 'module._orig_mod.'
    torch.save(dict(model={prefix + name: value for name, value in state.items()}), tmp_path / 'released.pth')
    done = convert_file(tmp_path / 'released.pth', tmp_path / 'ours.pth')
    assert done.sentence.startswith(f'{family}: {len(state)} tensors') and done.num_outputs == (5 if stage else 0)
    model.load_state_dict(torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict'], strict=True)
    convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth')
    back = torch.load(tmp_path / 'back.pth', weights_only=True)['model']
    assert back.keys() == state.keys() and all(torch.equal(back[name], state[name]) for name in state)


def test_a_file_of_two_methods_is_refused(tmp_path):
    states = [
        convert_state_dict(build_baseline(family, '').state_dict(), to_released=True) for family in ('SVFAP', 'HiCMAE')
    ]
    torch.save(dict(model=states[0] | states[1]), tmp_path / 'both.pth')
    with pytest.raises(CheckpointError, match=r'both\.pth: .* names of HiCMAE and SVFAP at once'):
        convert_file(tmp_path / 'both.pth', tmp_path / 'ours.pth')


def test_a_file_with_a_foreign_name_is_refused_by_that_name(tmp_path):
    state = convert_state_dict(build_baseline('VideoMAE', '_finetune').state_dict(), to_released=True)
    torch.save(dict(model=state | {'blocks.0.gamma_1': torch.ones(2)}), tmp_path / 'in.pth')
    with pytest.raises(CheckpointError, match=r'released VideoMAE model: blocks\.0\.gamma_1'):
        convert_file(tmp_path / 'in.pth', tmp_path / 'ours.pth')


def test_a_plugin_adds_its_method(monkeypatch):
    monkeypatch.setattr(families, '_FAMILIES', list(families._FAMILIES))
    table = NameTable([('net.layers.#.weight', 'encoders.video.layers.#.weight')])
    register_family(Family('Own', Marks((r'^net\.',)), Marks((r'\.layers\.',)), table, table))
    assert convert_state_dict({'net.layers.3.weight': torch.ones(1)}).keys() == {'encoders.video.layers.3.weight'}
    with pytest.raises(ValueError, match="already a family 'Own'"):
        register_family(find_family(['net.layers.0.weight']))


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
    torch.save(dict(model={'net.conv1.weight': torch.ones(2)}), tmp_path / 'other.pth')
    status, output = _run(tmp_path / 'other.pth', tmp_path / 'out.pth')
    assert status == 1 and 'net.conv1.weight' in output and 'Traceback' not in output


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


def test_what_the_path_of_a_fine_tuned_file_names_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    state = convert_state_dict(build_baseline('SVFAP', '_finetune').state_dict(), to_released=True)
    for outputs, name, said in (
        (6, 'crema-d/fold_2.pth', 'Its path names crema_d6, fold 2: test it on that fold only (--fold 2).'),
        (6, 'crema-d/best.pth', 'Its path names crema_d6, but no fold'),
        (7, 'crema-d/fold_2.pth', 'It has a head of 7 outputs; its path names no target'),
    ):
        state |= {'head.weight': torch.ones(outputs, 32), 'head.bias': torch.ones(outputs)}
        Path(name).parent.mkdir(exist_ok=True)
        torch.save(dict(model=state), name)
        assert main(['convert', name, 'ours.pth']) == 0
        assert said in capsys.readouterr().out
    assert main(['convert', 'ours.pth', 'back.pth']) == 0
    assert 'path' not in capsys.readouterr().out
