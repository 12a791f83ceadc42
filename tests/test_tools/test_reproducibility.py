"""All three stages and the test, as a user runs them, give the same bits for the same seed."""

import csv
import os
import subprocess
import sys
from typing import NamedTuple

import pytest
import torch

from mmavf.synthetic.builder import build_synthetic_set
from mmavf.synthetic.settings import SyntheticSettings
from tests.helpers.train import ROOT, assert_same_weights, run_train, weights

ONE_EPOCH = """
train_cfg = dict(max_epochs=1)
param_scheduler = [dict(type='WarmupCosineLR', warmup=0, eta_min_ratio=0.1, by_epoch=True, convert_to_iter_based=True)]
auto_scale_lr = dict(enable=False)
"""
LABELLED = """
_base_ = [
    '{root}/configs/_base_/models/avfmae_tiny_finetune.py',
    '{root}/configs/_base_/datasets/finetune_av.py',
    '{root}/configs/_base_/stages/finetune.py',
    '{root}/configs/default_runtime.py',
]
from mmavf.synthetic.emotions import CLASSES
from mmavf.datasets.targets import list_settings

globals().update(list_settings('{data}', classes=CLASSES, ann_file='target.csv', split_column='fold'))
model['audio_encoder'] = dict(drop_path_rate=0.1)
# the released augmentation and sixteen frames, which this model then has to take
model['video_encoder'] = dict(input_size=(16, 160, 160), region_size=(2, 5, 10), drop_path_rate=0.1)
train_dataloader.update(batch_size=2, num_workers=1)
test_dataloader.update(batch_size=2, num_workers=1)
"""
CONFIGS = dict(
    pretrain="""
_base_ = '{root}/configs/demo/avfmae_tiny_pretrain.py'
train_dataloader = dict(batch_size=2, num_workers=1, dataset=dict(data_root='{data}', ann_file='first.csv'))
""",
    postpretrain=LABELLED
    + """
_list = dict(type='AVClipDataset', data_root='{data}', metainfo=dict(classes=CLASSES))
_train = dict(on_bad='raise', pipeline=_base_.train_pipeline)
train_dataloader['dataset'] = dict(
    _delete_=True,
    type='ConcatClipDataset',
    datasets=[dict(_list, **_train, ann_file=name, source=name) for name in ('first.csv', 'second.csv')],
    held_out=[dict(_list, ann_file='target.csv', source='target')],
)
val_dataloader = val_evaluator = val_cfg = test_dataloader = test_evaluator = test_cfg = None
protocol = dict(stage='postpretrain')
""",
    finetune=LABELLED,
)
# of four people, six clips each
LISTS = {'first.csv': ('s03',), 'second.csv': ('s04',), 'target.csv': ('s01', 's02')}


class Run(NamedTuple):
    """Checkpoints of the stages by name, and the content of predictions.csv."""

    checkpoints: dict
    predictions: bytes


@pytest.fixture(scope='module')
def configs(tmp_path_factory):
    """Clips, lists, and a config per stage."""
    folder = tmp_path_factory.mktemp('stages')
    build_synthetic_set(folder, SyntheticSettings(clips=24, subjects=4, size=64, seconds=(1.0, 1.0)))
    with open(folder / 'lists/all.csv', newline='') as file:
        head, *rows = csv.reader(file)
    for name, people in LISTS.items():
        with open(folder / name, 'w', newline='') as file:
            csv.writer(file).writerows([head, *(row for row in rows if row[head.index('subject')] in people)])
    paths = {stage: folder / f'{stage}.py' for stage in CONFIGS}
    for stage, path in paths.items():
        path.write_text(CONFIGS[stage].format(root=ROOT, data=folder) + ONE_EPOCH)
    return paths


def train(config, work_dir, seed, start=None):
    """Run one stage; return its checkpoint."""
    options = [f'randomness.seed={seed}', *([] if start is None else [f'load_from={start}'])]
    args = ['--fold', '1'] if config.stem == 'finetune' else []
    done = run_train(work_dir, *options, config=config, args=args)
    assert done.returncode == 0, done.stderr
    return work_dir / 'epoch_1.pth'


def run_all(configs, folder, seed):
    """Run all stages, each from the one before, and the test."""
    checkpoints, start = {}, None
    for stage, config in configs.items():
        start = checkpoints[stage] = train(config, folder / stage, seed, start)
    command = [sys.executable, str(ROOT / 'tools/test.py'), str(configs['finetune']), str(start), '--out', folder]
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return Run(checkpoints, (folder / 'predictions.csv').read_bytes())


def differ(one, other, start):
    """Whether two checkpoints differ in a weight that both took over from `start`, or in any without one."""
    one, other = weights(one), weights(other)
    names = one if start is None else one.keys() & weights(start)
    return any(not torch.equal(one[name], other[name]) for name in names if not name.startswith('head'))


@pytest.mark.slow
def test_a_seed_decides_every_bit_of_all_stages(configs, tmp_path):
    first, again = (run_all(configs, tmp_path / name, seed=3) for name in ('first', 'again'))
    for stage in configs:
        assert_same_weights(first.checkpoints[stage], again.checkpoints[stage])
    assert first.predictions == again.predictions and first.predictions.count(b'\n') == 7

    start = None  # each stage from the same weights: its own seed alone differs
    for stage, config in configs.items():
        other = train(config, tmp_path / f'other_{stage}', 4, start)
        assert differ(first.checkpoints[stage], other, start)
        start = first.checkpoints[stage]
