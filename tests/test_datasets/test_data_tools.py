"""The tools that show and time what the data path gives."""

import importlib.util
import time
from argparse import Namespace
from collections import Counter
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile
from mmavf.datasets.media.audio_track import AudioTrack
from mmavf.datasets.media.video_track import VideoTrack
from mmavf.datasets.transforms import LogMel, RandomGain

from ..helpers.media import counted_frames, frame_index, tone, write_list, write_media, write_wav
from ..helpers.tools import run_here

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
def browse(monkeypatch, capsys):
    """Run the tool; return its output, or the error that it ends with."""

    def run(*words, config='single_list'):
        config = ROOT / f'configs/_base_/datasets/{config}.py'
        status, out, errors = run_here('misc/browse_dataset.py', config, *words, monkeypatch=monkeypatch, capsys=capsys)
        assert status == (1 if errors else 0)
        return errors or out

    return run


def test_browse_draws_one_picture_per_clip(browse, tmp_path):
    where = f'{DATASET}.ann_file={_clips(tmp_path)}', f'{DATASET}.data_root={tmp_path}'
    browse('--out', tmp_path / 'out', '--number', 2, '--cfg-options', *where)
    pictures = sorted((tmp_path / 'out').glob('*.png'))
    assert [picture.name for picture in pictures] == ['000000_ü_0.png', '000002_ü_2.png']
    assert cv2.imread(str(pictures[0])).shape[1] > 1000


@pytest.mark.parametrize(('kind', 'rows'), [('av', 4), ('video', 2), ('audio', 2)])
def test_browse_draws_two_views_of_what_there_is(browse, tmp_path, kind, rows, monkeypatch):
    _clips(tmp_path)
    clips = [(f'ü {i}.mp4', '', 'calm', i) for i in range(3)]
    clips.append(('there is no video in it.mp4', '', 'calm', 2))
    (tmp_path / 'there is no video in it.mp4').write_text('text')
    loader = 'test_dataloader.dataset'
    options = [f'{loader}.{key}' for key in (f'data_root={tmp_path}', 'split.held_out=2', 'metainfo.classes=[calm]')]
    options.append(f'{loader}.ann_file={write_list(tmp_path / "f.csv", clips, "video,audio,label,fold")}')
    drawn = []
    monkeypatch.setattr(plt.Figure, 'savefig', lambda figure, path, dpi: drawn.append((path.name, figure)))
    browse('--out', tmp_path, '--loader', 'test_dataloader', '--cfg-options', *options, config=f'finetune_{kind}')
    ((name, figure),) = drawn  # the unusable clip is named, not drawn
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert name == '000000_ü_2.png' and len(titles) == 2 and 'label 0  view 1' in titles[1]
    assert sum(bool(axis.images) for axis in figure.axes) == rows


def test_browse_puts_no_other_clip_in_the_place_of_a_bad_one(browse, tmp_path):
    _clips(tmp_path)
    (tmp_path / 'text.mp4').write_text('not a video')
    ann_file = write_list(tmp_path / 'l.csv', [('text.mp4', '', ''), ('ü 1.mp4', '', '')])
    printed = browse(
        '--out', tmp_path / 'out', '--cfg-options', f'{DATASET}.ann_file={ann_file}', f'{DATASET}.data_root={tmp_path}'
    )
    assert [picture.name for picture in (tmp_path / 'out').iterdir()] == ['000001_ü_1.png']
    assert 'text.mp4' in printed


def test_browse_names_a_clip_that_a_transform_fails_at_and_goes_on(browse, tmp_path, monkeypatch):
    where = f'{DATASET}.ann_file={_clips(tmp_path)}', f'{DATASET}.data_root={tmp_path}'
    original = RandomGain.transform

    def fail(self, results):
        return original(self, results) if results['index'] != 1 else 1 / 0

    monkeypatch.setattr(RandomGain, 'transform', fail)
    printed = browse('--out', tmp_path / 'out', '--number', 3, '--cfg-options', *where)
    pictures = sorted(picture.name for picture in (tmp_path / 'out').iterdir())
    assert pictures == ['000000_ü_0.png', '000002_ü_2.png']
    assert f'cannot be used: {tmp_path}/ü 1.mp4: it cannot be processed (ZeroDivisionError' in printed


def test_browse_says_what_is_wrong(browse, tmp_path):
    nowhere = browse('--out', tmp_path / 'out', '--cfg-options', f'{DATASET}.ann_file=/nowhere/list.csv')
    assert nowhere.startswith('ListError: /nowhere/list.csv: the list cannot be read')
    assert 'has no val_dataloader' in browse('--out', tmp_path / 'out', '--loader', 'val_dataloader')


def test_seek_benchmark_repeats_a_clip_and_reads_its_end(tmp_path, capsys):
    benchmark = _tool('tools/analysis_tools/seek_benchmark.py')
    clip = write_media(tmp_path / 'a.mp4', counted_frames(75), tone(3.0), b_frames=2)
    length, count = benchmark.repeat(clip, tmp_path / 'long.mkv', 10)
    assert count == 4 and 3.0 <= length < 3.2
    times = MediaFile(str(tmp_path / 'long.mkv')).video.frame_times
    np.testing.assert_allclose(times[75 * 3 :] - times[75 * 2 : 75 * 3], length, atol=2e-3)
    benchmark.run(Namespace(seek=str(clip), seek_minutes=0.25, seek_repeats=1))
    rows = [line.split(' | ') for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ['| container', '|---|---|---|---|---|---|', '| mp4', '| mkv']
    assert all(float(row[3]) > 0 for row in rows[2:])


def test_loader_benchmark_measures_a_list(tmp_path, capsys, monkeypatch):
    benchmark = _tool('tools/analysis_tools/loader_benchmark.py')
    done = Counter()

    def counted(cls, method, cost):
        original = getattr(cls, method)

        def call(self, *args, **kwargs):
            done['seconds'] += cost
            return original(self, *args, **kwargs)

        monkeypatch.setattr(cls, method, call)

    # a clock that goes by the work done: 1 s for frames, 2 s for sound, 4 s for the log-mel of a clip
    counted(VideoTrack, 'read_frames', 1)
    counted(AudioTrack, 'read_audio', 2)
    counted(LogMel, 'transform', 4)
    monkeypatch.setattr(time, 'process_time', lambda: done['seconds'])
    args = Namespace(ann_file=str(_clips(tmp_path)), data_root=str(tmp_path), repeats=2)
    rates = benchmark.measure_all(args)
    (rates,) = rates.values()
    assert rates == pytest.approx({'loader': 1 / 7, 'frames': 1, 'frames and sound': 1 / 3})
    assert 'clips/s per core' in capsys.readouterr().out


def test_pack_benchmark_reads_the_same_clips_in_every_way(tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    benchmark = _tool('tools/analysis_tools/storage_benchmark.py')
    (tmp_path / 'media').mkdir()
    for name in 'ab':
        write_media(tmp_path / 'media' / f'{name}.mp4', counted_frames(20), tone(0.8))
    args = Namespace(media=tmp_path / 'media', folder=tmp_path, clips=3, seconds=3, size=64, repeats=1)
    results = benchmark.measure_all(args)
    assert list(results) == [*benchmark.MP4, 'JPEG folders', 'shards of JPEG']
    sizes = {name: row['kB'] for name, row in results.items()}
    # sound alone takes 96 kB
    assert 96 < sizes['mp4, GOP 250'] < sizes['mp4, GOP 12'] < sizes['JPEG folders'] < sizes['shards of JPEG']
    assert all(row['warm'] > row['loader'] > 0 and row['cold'] > 0 for row in results.values())
    assert [path.name for path in tmp_path.iterdir()] == ['media'] and 'GOP 12' in capsys.readouterr().out


@pytest.mark.slow
def test_pack_benchmark_compares_two_builds_that_read_the_same(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    benchmark = _tool('tools/analysis_tools/storage_benchmark.py')
    write_media(tmp_path / 'a.mp4', counted_frames(70), None)
    write_wav(tmp_path / 'a.wav', tone(2.8))
    (tmp_path / 'list.csv').write_text('video,audio,fps\na.mp4,a.wav,\n')
    results = benchmark.compare(dict(mp4=tmp_path / 'list.csv'), (ROOT, ROOT), rounds=2)
    assert list(results) == ['mp4, reading', 'mp4, loader']
    assert all(0.1 < row['ratio'][1] < 10 and min(row['this_ms']) > 0 for row in results.values())


def test_pack_benchmark_loops_a_video_forth_and_back(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    path = write_media(tmp_path / 'a.mp4', counted_frames(10, 64, 64), tone(0.4, onset_sec=0.2))
    frames, sound = _tool('tools/analysis_tools/storage_benchmark.py').looped(path, seconds=1.0, size=64)
    assert [frame_index(frame) for frame in frames] == [*range(10), *reversed(range(10)), *range(5)]
    assert len(sound) == 16000
