"""The demo's training on drawn clips, killed inside an epoch, ends as if it had never been interrupted."""

import signal

import pytest

from mmavf.synthetic.builder import build_synthetic_set
from mmavf.synthetic.settings import SyntheticSettings
from tests.helpers.train import ROOT, assert_same_weights, run_train

SAVED, KILLED_AFTER = 6, 7  # of four steps an epoch: inside the second one
CONFIG = """
_base_ = '{root}/configs/demo/avfmae_tiny_pretrain.py'
custom_imports = dict(imports=['tests.helpers.tiny'])
train_dataloader = dict(batch_size=4, num_workers=2)
train_dataloader['dataset'] = dict(ann_file='{folder}/list.csv', data_root='{folder}/data')
train_cfg = dict(max_epochs=3)
default_hooks = dict(checkpoint=dict(iter_interval=3))
custom_hooks = [dict(type='KillHook', after=0), *_base_.custom_hooks]
"""


@pytest.mark.slow
def test_demo_killed_and_resumed_ends_with_equal_weights(tmp_path):
    build_synthetic_set(tmp_path / 'data', SyntheticSettings(clips=24, subjects=4, size=64))
    rows = (tmp_path / 'data' / 'lists' / 'pretrain.csv').read_text().splitlines()
    (tmp_path / 'list.csv').write_text('\n'.join(rows[:17]))  # the header and 16 clips
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.format(root=ROOT, folder=tmp_path))

    whole = run_train(tmp_path / 'whole', config=config)
    assert whole.returncode == 0, whole.stderr
    killed = run_train(tmp_path / 'cut', f'custom_hooks.0.after={KILLED_AFTER}', config=config)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (tmp_path / 'cut' / 'last_checkpoint').read_text().endswith(f'iter_{SAVED}.pth')
    resumed = run_train(tmp_path / 'cut', config=config, args=['--resume'])
    assert resumed.returncode == 0, resumed.stderr
    assert_same_weights(tmp_path / 'whole' / 'epoch_3.pth', tmp_path / 'cut' / 'epoch_3.pth')
