"""The tool that compares the models with reference numbers: it passes on true numbers and notices wrong ones."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch

from tests.helpers.models import ROOT

GOLDEN = ROOT / 'tests/data/golden'


def _run(folder, *args):
    command = [sys.executable, str(ROOT / 'tools/analysis_tools/verify_reference.py'), str(folder), *args]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, 'PYTHONPATH': str(ROOT)}, timeout=300
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def _copy(tmp_path, *names):
    for name in (
        'manifest.json',
        'inputs.pth',
        'avf_pretrain.masks.pth',
        'avf_pretrain.state.pth',
        *(f'avf_pretrain.{name}.pth' for name in names),
    ):
        shutil.copy(GOLDEN / name, tmp_path / name)


def test_all_quantities_agree_with_the_reference():
    status, findings, _ = _run(GOLDEN, '--cases', 'avf_pretrain')
    assert status == 0
    assert all(finding['ok'] for finding in findings)
    quantities = ' '.join(finding['quantity'] for finding in findings)
    for part in ('eval.pred_video.tokens', 'eval.pred_audio', 'logits_per_video', 'loss_raw_framediff', 'bn_after'):
        assert part in quantities
    assert 'eval.grad_norm.per_param_norm' in quantities and 'train6.grad_framediff.per_param_norm' in quantities


@pytest.mark.parametrize('entry', ['prediction', 'loss', 'gradient', 'weight'])
def test_a_wrong_number_shows_as_a_difference(tmp_path, entry):
    _copy(tmp_path, 'eval', 'eval_grads')
    file = {'gradient': 'eval_grads', 'weight': 'state'}.get(entry, 'eval')
    path = tmp_path / f'avf_pretrain.{file}.pth'
    content = torch.load(path, weights_only=True)
    if entry == 'prediction':
        content['pred_audio'][1, 7, 3] += 1e-3
    elif entry == 'loss':
        content['loss_raw']['loss_video'] *= 1.0001
    elif entry == 'gradient':
        content['grad_framediff']['per_param_norm']['encoder.blocks.1.mlp.fc1.weight'] *= 1.01
    else:
        content['encoder.blocks.1.mlp.fc1.weight'][0, 0] += 1
    torch.save(content, path)
    status, findings, _ = _run(tmp_path)
    wrong = [finding['quantity'] for finding in findings if not finding['ok']]
    assert status == 1 and wrong
    expected = dict(prediction='eval.pred_audio', loss='eval.loss_raw.loss_video', gradient='eval.grad_framediff')
    assert all(quantity.startswith(expected.get(entry, '')) for quantity in wrong)


def test_a_case_without_its_state_and_an_unknown_case_are_errors(tmp_path):
    _copy(tmp_path, 'eval')
    (tmp_path / 'avf_pretrain.state.pth').unlink()
    status, findings, message = _run(tmp_path, '--cases', 'avf_pretrain', 'nonsense')
    assert status == 1 and not findings
    assert 'avf_pretrain.state.pth missing' in message and 'nonsense is not implemented' in message
