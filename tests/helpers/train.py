"""Run the training script as a user does."""

import itertools
import os
import subprocess
import sys

import torch
from mmengine.config import Config

from mmavf.engine import AVFRunner
from tests.helpers.forked import ROOT, run_forked

_numbers = itertools.count()
TINY = ROOT / 'tests' / 'helpers' / 'tiny_pretrain.py'
TINY_FOLDS = ROOT / 'tests' / 'helpers' / 'tiny_finetune.py'


def run_train(work_dir, *options, config=TINY, args=(), processes=1):
    """Run tools/train.py, several processes by torchrun; return the finished process with its output as text."""
    script, words = ROOT / 'tools' / 'train.py', [config, '--work-dir', work_dir, *args]
    words += ['--launcher', 'pytorch'] * (processes > 1)
    words += ['--cfg-options', *options] if options else []
    if processes == 1:
        return run_forked(script, *words)
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={processes}']
    command += map(str, [script, *words])
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''}
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)


def tiny_runner(work_dir, config=TINY, **options):
    """A runner of a tiny config in this process; `options` go through --cfg-options, with __ for the dots."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in options.items()})
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{work_dir}-{next(_numbers)}'.replace('/', '-')  # loggers and hubs are kept by this name
    return AVFRunner.from_cfg(cfg)


def weights(path):
    """Weights of a checkpoint."""
    return torch.load(path, weights_only=True)['state_dict']


def assert_same_weights(one, other):
    """Two checkpoints hold the same tensors, bit by bit."""
    one, other = weights(one), weights(other)
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name
