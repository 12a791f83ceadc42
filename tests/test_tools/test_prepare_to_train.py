"""From raw videos to a trained model, by the commands that a user gives."""

import json
import subprocess
import sys

import pytest

from ..helpers.train import ROOT, weights


def run(script, *words):
    command = [sys.executable, str(ROOT / 'tools' / script), *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_raw_videos_are_prepared_checked_pretrained_and_finetuned_on(tmp_path):
    raw, data, runs = tmp_path / 'raw', tmp_path / 'data', tmp_path / 'runs'
    run('data/make_synthetic.py', raw, '--clips', 24, '--subjects', 4, '--seconds', 2, 2.5)
    run('data/prepare.py', 'custom', '--raw', raw, '--out', data, '--options', 'labels=lists/all.csv', '--size', 96)
    counts = json.loads((data / 'summary.json').read_text())['counts']
    assert counts['tried'] == 24 and counts['clips'] >= 18  # the cascade does not find each drawn face
    checked = run('misc/check_lists.py', '--list', 'lists/all.csv', '--data-root', data, '--deep')
    assert 'No errors.' in checked and str(counts['clips']) in checked

    where = f'train_dataloader.dataset.data_root={data}', 'train_dataloader.dataset.ann_file=lists/all.csv'
    few = 'train_cfg.max_epochs=1', 'train_dataloader.num_workers=0'
    options = '--cfg-options', *where, *few, 'train_dataloader.batch_size=8'
    run('train.py', 'configs/demo/avfmae_tiny_pretrain.py', '--work-dir', runs / 'pre', *options)
    places = [f'{part}_dataloader.dataset.data_root={data}' for part in ('train', 'val', 'test')]
    places += [f'{part}_dataloader.num_workers=0' for part in ('train', 'val', 'test')]
    start = f'load_from={runs / "pre" / "epoch_1.pth"}'
    options = '--fold', 2, '--work-dir', runs / 'fine', '--cfg-options', *places, start, 'train_cfg.max_epochs=1'
    run('train.py', 'configs/demo/avfmae_tiny_finetune.py', *options)
    assert weights(runs / 'fine' / 'epoch_1.pth')
