"""A model and its pipelines must be for the same modalities."""

import pytest
from mmengine.config import Config

from mmavf.engine import AVFRunner
from mmavf.engine.config_inputs import check_inputs
from mmavf.errors import ConfigError
from tests.helpers.models import ROOT

DEMO = ROOT / 'configs/demo'


def config(name, **changes):
    cfg = Config.fromfile(DEMO / f'avfmae_tiny_{name}.py')
    cfg.merge_from_dict(changes)
    return cfg


@pytest.mark.parametrize('name', ['finetune', 'speech', 'pretrain', 'pretrain_audio', 'pretrain_video', 'postpretrain'])
def test_shipped_configs_pass(name):
    check_inputs(config(name))


@pytest.mark.parametrize(
    ('name', 'changes', 'message'),
    [
        ('finetune', {'model.video_encoder': None}, 'train_dataloader: its pipeline opens video, but the model has no'),
        ('finetune', {'model.audio_encoder': None}, 'opens audio, but the model has no audio encoder.*finetune_video'),
        (
            'finetune',
            {'test_dataloader.dataset.pipeline.0.modalities': ('video',)},
            'test_dataloader: its pipeline does not open audio',
        ),
        ('pretrain', {'train_dataloader.dataset.pipeline.0.modalities': ('audio',)}, 'does not open video'),
        ('pretrain_audio', {'train_dataloader.dataset.pipeline.0.modalities': ('video', 'audio')}, 'opens video'),
        ('pretrain_audio', {'train_dataloader.dataset.pipeline.0.modalities': ('video',)}, 'opens video'),
    ],
)
def test_a_mismatch_is_found_before_anything_is_built(name, changes, message, tmp_path):
    cfg = config(name, work_dir=str(tmp_path / 'work'), **changes)
    with pytest.raises(ConfigError, match=message):
        AVFRunner.from_cfg(cfg)
    assert not (tmp_path / 'work').exists()


def test_each_part_of_a_concatenation_is_looked_at():
    cfg = config('finetune')
    part = cfg.train_dataloader.dataset.to_dict()
    other = dict(part, pipeline=[dict(type='mmavf.OpenClip', modalities=('audio',)), *part['pipeline'][1:]])
    cfg.train_dataloader.dataset = dict(type='ConcatClipDataset', datasets=[part, other])
    with pytest.raises(ConfigError, match='train_dataloader: its pipeline does not open video'):
        check_inputs(cfg)


def test_models_and_pipelines_of_others_are_left_alone():
    check_inputs(config('finetune', **{'model.type': 'mine.Recognizer', 'model.video_encoder': None}))
    check_inputs(config('finetune', **{'train_dataloader.dataset.pipeline.0.type': 'MyOpener', 'val_dataloader': None}))
