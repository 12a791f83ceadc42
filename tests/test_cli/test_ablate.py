"""The command `mmavf ablate` as a user runs it."""

import json
import os
import subprocess
import sys

import pytest

from mmavf.cli.commands.ablate import write_page
from mmavf.experiments.ablation_file import read_ablation
from mmavf.experiments.ablation_runs import AblationRuns
from tests.helpers.train import ROOT

FILE = """
base: tests/helpers/tiny_finetune.py
folds: [1]
options: {train_cfg.max_epochs: 1}
stages: {pre: {base: tests/helpers/tiny_pretrain.py, options: {train_cfg.max_epochs: 1}}}
variants:
  first: {}
  killed: {custom_hooks: [{type: KillHook, after: 4}]}
paper: {first: {uar: 42.65}}
"""


def ablate(tmp_path, *args):
    command = [sys.executable, '-m', 'mmavf', 'ablate', tmp_path / 'some.yml', '--work-dir', tmp_path / 'work', *args]
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'CUDA_VISIBLE_DEVICES': '', 'OMP_NUM_THREADS': '1'}
    return subprocess.run(list(map(str, command)), cwd=ROOT, env=env, capture_output=True, text=True, timeout=500)


def test_nothing_to_show_yet(tmp_path):
    (tmp_path / 'some.yml').write_text(FILE)
    ablation = read_ablation(tmp_path / 'some.yml')
    assert write_page(ablation, AblationRuns(ablation, ['1'], tmp_path / 'work')) is None


@pytest.mark.slow
def test_a_tiny_ablation_with_a_run_that_is_killed(tmp_path):
    (tmp_path / 'some.yml').write_text(FILE)
    listed = ablate(tmp_path, '--dry-run')
    assert listed.stdout.split('\n')[-3:-1] == ['first, seed 0, fold 1', 'killed, seed 0, fold 1'], listed.stderr
    assert not (tmp_path / 'work').exists()

    first = ablate(tmp_path, '--jobs', '2')
    assert first.returncode == 1 and '1 runs failed: killed, seed 0, fold 1' in first.stderr, first.stdout
    results = json.loads((tmp_path / 'work/ablation.json').read_text())
    assert list(results['variants']) == ['first'] and list(results['failed']) == ['killed, seed 0, fold 1']
    metrics = json.loads((tmp_path / 'work/first/seed_0/fold_1/test/metrics.json').read_text())['metrics']
    assert results['variants']['first']['uar']['mean'] == metrics['uar']

    # it continues from the checkpoint of the iteration that it was killed after
    time = (tmp_path / 'work/first/seed_0/fold_1/test/metrics.json').stat().st_mtime_ns
    second = ablate(tmp_path, '--jobs', '2')
    assert second.returncode == 0 and '1 of 2 runs already done' in second.stdout, second.stdout + second.stderr
    results = json.loads((tmp_path / 'work/ablation.json').read_text())
    assert list(results['variants']) == ['first', 'killed'] and results['failed'] == {}
    assert '| paper: UAR %' in second.stdout and results['unit'] == 'subject'
    assert (tmp_path / 'work/first/seed_0/fold_1/test/metrics.json').stat().st_mtime_ns == time
    assert (tmp_path / 'work/report.html').read_text().startswith('<!DOCTYPE html>')

    (tmp_path / 'some.yml').write_text(FILE.replace('max_epochs: 1}\nstages', 'max_epochs: 2}\nstages'))
    changed = ablate(tmp_path)
    assert changed.returncode == 1 and 'another config' in changed.stderr
