"""tools/analysis_tools/engine_benchmark.py: what computes a model, side by side."""

import json
from argparse import Namespace

import numpy as np
import pytest

from tests.helpers.models import ROOT


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    import engine_benchmark

    monkeypatch.setattr(engine_benchmark, 'find_spec', lambda name: None)  # an export takes long
    return engine_benchmark


def test_engines_have_the_same_answers_and_a_ratio_to_the_first(tool, monkeypatch, capsys):
    for module in ('mmavf.apis.batch', 'engine_benchmark'):
        monkeypatch.setattr(f'{module}.has_bf16_units', lambda device_type: True)
    config = str(ROOT / 'configs/demo/avfmae_tiny_speech.py')
    options = {'model.audio_encoder.depth': 1}
    tool.run(Namespace(config=config, cfg_options=options, dtype=['bf16'], batch_size=[2], rounds=3))
    shown = capsys.readouterr()
    line = json.loads(shown.out)
    assert list(line['wall_s']) == ['autocast', 'pytorch'] and list(line['cpu_ratio']) == ['pytorch']
    assert line['largest_difference'] < 5e-3 and 'OpenVINO is left out' in shown.err
    assert line['wall_s']['pytorch'] == sorted(line['wall_s']['pytorch'])


def test_a_ratio_is_of_one_round(tool):
    seconds = np.array([[1.0, 2.0], [10.0, 5.0], [2.0, 2.0]])
    assert tool.summary(['one', 'two'], dict(wall=seconds))['wall_ratio'] == dict(two=[0.75, 1.0, 1.5])


def test_a_processor_without_the_units_is_said(tool, monkeypatch, capsys):
    monkeypatch.setattr('engine_benchmark.has_bf16_units', lambda device_type: False)
    tool.run(Namespace(config='none', cfg_options={}, dtype=['bf16'], batch_size=[1], rounds=1))
    shown = capsys.readouterr()
    assert shown.out == '' and 'bf16 is left out' in shown.err
