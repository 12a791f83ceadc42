"""Converting checkpoints between released names and ours: identical tensors, safe reading, clear errors."""

import argparse
import os
import subprocess
import sys

import torch

from mmavf.models.conversion import convert_state_dict
from tests.helpers.models import ROOT, build_pretrainer


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


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_bomb_is_refused_and_nothing_runs(tmp_path):
    torch.save(
        dict(model={'encoder.norm.weight': torch.ones(2)}, args=Bomb(str(tmp_path / 'boom'))), tmp_path / 'bad.pth'
    )
    status, output = _run(tmp_path / 'bad.pth', tmp_path / 'out.pth')
    assert status == 1 and 'CheckpointError' in output and 'bad.pth' in output
    assert not (tmp_path / 'boom').exists() and not (tmp_path / 'out.pth').exists()


def test_unknown_names_are_listed(tmp_path):
    torch.save(dict(model={'backbone.conv1.weight': torch.ones(2)}), tmp_path / 'other.pth')
    status, output = _run(tmp_path / 'other.pth', tmp_path / 'out.pth')
    assert status == 1 and 'backbone.conv1.weight' in output and 'Traceback' not in output
