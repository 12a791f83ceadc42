"""The main job in small: two processes fine-tune the tiny model on real files, are killed, resume, and are tested."""

import numpy as np
import pytest
import torch

from tests.helpers.media import counted_frames, tone, write_media
from tests.helpers.ranks import run_ranks
from tests.helpers.train import ROOT, assert_same_weights

CLASSES = ('low', 'high')
KILLED, ENDED = [-9, -9], [0, 0]
CONFIG = """
_base_ = '{root}/configs/demo/avfmae_tiny_finetune.py'
custom_imports = dict(imports=['tests.helpers.tiny'])
_clips = dict(ann_file='list.csv', data_root='{folder}', metainfo=dict(classes={classes}))
train_dataloader = dict(batch_size=2, num_workers=0, dataset=_clips)
val_dataloader = dict(batch_size=4, num_workers=0, dataset=_clips)
test_dataloader = val_dataloader
val_evaluator = dict(classes={classes}, resamples=20)
test_evaluator = val_evaluator
model = dict(head=dict(num_classes=2))
optim_wrapper = dict(dtype='bfloat16')
train_cfg = dict(max_epochs=1)
protocol = dict(fold='1', selection='paper')
default_hooks = dict(checkpoint=dict(iter_interval=2, max_keep_ckpts=-1))
custom_hooks = _base_.custom_hooks + [dict(type='KillHook', after=0)]
"""


def write_clips(folder):
    """Twelve clips for training and four for the test, of one second, in which pitch and grey level tell the class."""
    rows = ['video,audio,label,fold,id']
    for index in range(16):
        high, fold = index % 2, 1 + (index < 12)
        frames = counted_frames(25 + 40 * high)[40 * high :]
        write_media(folder / f'{index}.mp4', frames, tone(1.0, pitch_hz=220.0 * (1 + high)))
        rows.append(f'{index}.mp4,,{CLASSES[high]},{fold},{index}')
    (folder / 'list.csv').write_text('\n'.join(rows))


def train(config, work_dir, kill_after, resume):
    """What each rank does."""
    from mmavf.engine import AVFRunner

    AVFRunner.from_cfg(_settings(config, work_dir, kill_after, resume)).train()


def evaluate(config, checkpoint, out):
    """Test a checkpoint in one process; the scores of its clips go to `out`."""
    from mmavf.engine import AVFRunner

    cfg = _settings(config, out.parent / 'test', 0, None)
    cfg.load_from, cfg.launcher = str(checkpoint), 'none'
    runner = AVFRunner.from_cfg(cfg)
    runner.test()
    np.save(out, runner.test_loop.predictions.scores)


def _settings(config, work_dir, kill_after, resume):
    from mmengine.config import Config

    torch.set_num_threads(1)
    cfg = Config.fromfile(config, format_python_code=False)  # for speed
    cfg.work_dir, cfg.launcher = str(work_dir), 'pytorch'
    cfg.custom_hooks[-1].after = kill_after
    cfg.resume, cfg.load_from = resume is not None, resume and str(resume)
    return cfg


@pytest.mark.timeout(900)  # seven processes, which a busy machine starts slowly
def test_two_processes_killed_and_resumed_end_and_predict_as_undisturbed_ones(tmp_path):
    write_clips(tmp_path)
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.format(root=ROOT, folder=tmp_path, classes=CLASSES))
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'

    assert run_ranks(train, 2, config, whole, 0, None) == ENDED
    assert (whole / 'loss_curve.png').exists()
    assert run_ranks(train, 2, config, cut, 3, None) == KILLED
    assert not (cut / 'epoch_1.pth').exists()
    assert run_ranks(train, 2, config, cut, 0, cut / 'iter_2.pth') == ENDED
    assert_same_weights(whole / 'epoch_1.pth', cut / 'epoch_1.pth')

    for run in (whole, cut):
        assert run_ranks(evaluate, 1, config, run / 'epoch_1.pth', run / 'scores.npy') == [0]
    scores = np.load(whole / 'scores.npy')
    assert scores.shape == (4, 2) and scores.std() > 0
    np.testing.assert_array_equal(scores, np.load(cut / 'scores.npy'))
