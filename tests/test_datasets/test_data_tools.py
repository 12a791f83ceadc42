"""The tools that show and time what the data path gives."""

import importlib.util
import sys
from pathlib import Path

import cv2
import pytest

from ..helpers.media import counted_frames, tone, write_list, write_media

ROOT = Path(__file__).parents[2]
DATASET = 'train_dataloader.dataset'


def _tool(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _clips(folder):
    for i in range(3):
        write_media(folder / f'ü {i}.mp4', counted_frames(80), tone(3.2))
    return write_list(folder / 'l.csv', [(f'ü {i}.mp4', '', '') for i in range(3)])


@pytest.fixture
def browse(monkeypatch):
    config = ROOT / 'configs/_base_/datasets/single_list.py'

    def run(*words):
        monkeypatch.setattr(sys, 'argv', ['browse_dataset.py', str(config), *map(str, words)])
        _tool('tools/misc/browse_dataset.py').main()

    return run


def test_browse_draws_one_picture_per_clip(browse, tmp_path):
    where = f'{DATASET}.ann_file={_clips(tmp_path)}', f'{DATASET}.data_root={tmp_path}'
    browse('--out', tmp_path / 'out', '--number', 2, '--cfg-options', *where)
    pictures = sorted((tmp_path / 'out').glob('*.png'))
    assert [picture.name for picture in pictures] == ['000000_ü_0.png', '000002_ü_2.png']
    assert cv2.imread(str(pictures[0])).shape[1] > 1000


def test_browse_says_what_is_wrong(browse, tmp_path):
    with pytest.raises(SystemExit, match=r'list\.csv: the list cannot be read'):
        browse('--out', tmp_path / 'out', '--cfg-options', f'{DATASET}.ann_file=/nowhere/list.csv')
    with pytest.raises(SystemExit, match='has no val_dataloader'):
        browse('--out', tmp_path / 'out', '--loader', 'val_dataloader')


def test_loader_benchmark_measures_a_list(tmp_path, capsys):
    benchmark = _tool('tools/analysis_tools/loader_benchmark.py')
    rates = benchmark.main(['--ann-file', str(_clips(tmp_path)), '--data-root', str(tmp_path), '--repeats', '2'])
    (rates,) = rates.values()
    assert 0 < rates['loader'] < rates['frames and sound'] < rates['frames'], rates
    assert 'clips/s per core' in capsys.readouterr().out
