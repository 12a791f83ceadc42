"""Size and speed of the models of an ablation."""

import json

import pytest
from mmengine.config import Config

from mmavf.experiments.ablation_models import model_figures
from tests.helpers.models import ROOT


def test_size_of_the_model_and_speed_of_all_its_trainings(tmp_path):
    cfg = Config.fromfile(str(ROOT / 'configs/demo/avfmae_tiny_finetune.py'))
    assert model_figures(cfg, [tmp_path]) == dict(parameters=2_121_456, gflop=pytest.approx(0.184, abs=0.001))
    for fold, lines in (('1', [(8.0, 900), (9.0, 950)]), ('2', [(4.0, 990)])):
        log = tmp_path / fold / '20260101_000000/vis_data/scalars.json'
        log.parent.mkdir(parents=True)
        rows = [dict(clips_per_sec=speed, memory=memory, loss=1.0) for speed, memory in lines] + [dict(war=0.5)]
        log.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    figures = model_figures(cfg, [tmp_path / '1', tmp_path / '2', tmp_path / 'nothing'])
    assert (figures['clips_per_sec'], figures['memory']) == (8.0, 990)
