"""tools/train.py and its shell companions, as a user meets them."""

import os
import socket
import subprocess
import sys

import pytest
from mmengine.config import Config

from mmavf.engine import launch
from tests.helpers.train import ROOT, run_train


def test_an_error_is_one_line_and_its_traceback_is_in_the_log(tmp_path):
    done = run_train(tmp_path, 'train_dataloader.dataset.length=1')
    assert done.returncode == 1
    assert 'ConfigError: The training data set has 1 samples, but one optimizer step takes 2' in done.stderr
    assert 'Traceback' not in done.stdout + done.stderr
    (log,) = tmp_path.glob('*/*.log')
    assert 'Traceback' in log.read_text()


def test_an_error_in_a_worker_is_one_line_too(tmp_path):
    done = run_train(tmp_path, 'train_dataloader.dataset.bad_clip=3', 'train_dataloader.num_workers=1')
    assert done.returncode == 1
    assert 'ClipError: clip 3 is broken' in done.stderr
    assert 'Traceback' not in done.stdout + done.stderr


@pytest.mark.parametrize('script', ['dist_train.sh', 'slurm_train.sh'])
def test_shell_scripts_explain_themselves(script):
    done = subprocess.run([ROOT / 'tools' / script], capture_output=True, text=True)
    assert done.returncode == 2
    assert f'tools/{script}' in done.stdout


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


@pytest.mark.slow
def test_dist_train_runs_two_processes(tmp_path):
    config = ROOT / 'tests' / 'helpers' / 'tiny_pretrain.py'
    done = subprocess.run(
        ['bash', ROOT / 'tools' / 'dist_train.sh', config, '2', '--work-dir', tmp_path],
        env={**os.environ, 'PYTHON': sys.executable, 'PORT': str(free_port()), 'CUDA_VISIBLE_DEVICES': ''},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 'Total batch 4 = 2 per process × 2 processes × 1 accumulated: learning rate × 4/256' in done.stdout
    assert (tmp_path / 'epoch_3.pth').exists()


def test_workers_are_the_cores_of_each_local_process(monkeypatch):
    monkeypatch.setattr(launch.os, 'sched_getaffinity', lambda pid: set(range(64)), raising=False)
    for local, expected in ((1, 10), (8, 8), (64, 1)):
        monkeypatch.setenv('LOCAL_WORLD_SIZE', str(local))
        cfg = Config(dict(train_dataloader=dict(num_workers='auto', persistent_workers=True)))
        launch.resolve_loaders(cfg)
        assert cfg.train_dataloader == dict(num_workers=expected, persistent_workers=True)


def test_a_loader_without_workers_loses_their_options(monkeypatch):
    monkeypatch.setattr(launch.torch.cuda, 'is_available', lambda: False)
    cfg = Config(
        dict(
            train_dataloader=dict(num_workers=0, persistent_workers=True, prefetch_factor=4, pin_memory=True),
            val_dataloader=None,
        )
    )
    launch.resolve_loaders(cfg)
    assert cfg.train_dataloader == dict(num_workers=0)
