"""tools/data/doctor.py tells what a training lacks, and reckons with the times that it measures."""

import os
import time

import numpy as np
import pytest
import torch

from mmavf.datasets.media import MediaFile, VideoTrack
from mmavf.datasets.read_speed import clip_files, drop_from_memory
from mmavf.preparation.packs.shards import write_shard

from ..helpers.media import counted_frames, tone, write_folder, write_list, write_media, write_wav
from ..helpers.tools import run_here


@pytest.fixture
def root(tmp_path):
    """Four clips of 3 s and their list."""
    for name in 'abcd':
        write_media(tmp_path / f'{name}.mp4', counted_frames(75), tone(3.0))
    write_list(tmp_path / 'list.csv', [(f'{name}.mp4', '', name in 'ab') for name in 'abcd'])
    return tmp_path


@pytest.fixture
def doctor(monkeypatch, capsys):
    """Run the tool; return its status, {what: (level, text)}, and its errors."""

    def run(*words):
        status, out, error = run_here('data/doctor.py', *words, monkeypatch=monkeypatch, capsys=capsys)
        lines = [line.split(None, 1) for line in out.splitlines() if line and not line.startswith(' ')]
        found = {rest.partition(':')[0]: (level, rest.partition(':')[2].strip()) for level, rest in lines}
        return status, found, f'{status} {error} {out}'

    return run


def test_a_sound_list_on_this_machine(doctor, root):
    status, found, _ = doctor('--list', 'list.csv', '--data-root', root, '--work-dir', root / 'new/work')
    assert status == 0 and found['train list'] == ('ok', '4 clips, all of their files exist')
    assert found['codecs'][0] == 'ok' and 'h264' in found['codecs'][1]
    assert found['GPU'][0] == ('ok' if torch.cuda.is_available() else 'WARNING')
    assert found['processor'][1].startswith(f'{len(os.sched_getaffinity(0))} cores')
    assert f'free for {root}/new/work' in found['disk'][1]
    assert 'sample of 4 clips' in found['speed'][1] and '--step-sec' in found['workers'][1]


def test_workers_follow_from_the_time_of_a_clip(doctor, root, monkeypatch):
    """By clocks that go by the work done: of a clip 0.1 s to open, where the process waits, and 0.4 s to decode."""
    passed = dict(wait=0.0, busy=0.0)

    def counted(cls, method, kind, cost):
        original = getattr(cls, method)

        def call(self, *args, **kwargs):
            passed[kind] += cost
            return original(self, *args, **kwargs)

        monkeypatch.setattr(cls, method, call)

    counted(MediaFile, '__init__', 'wait', 0.1)
    counted(VideoTrack, 'read_frames', 'busy', 0.4)
    monkeypatch.setattr(time, 'process_time', lambda: passed['busy'])
    monkeypatch.setattr(time, 'perf_counter', lambda: passed['busy'] + passed['wait'])
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: range(8))
    words = '--list', 'list.csv', '--data-root', root, '--batch-size', 4
    _, found, _ = doctor(*words, '--step-sec', 0.5, '--processes', 2)
    assert found['speed'][1].startswith('2.0 clips/s per worker cold, 2.5 warm; all 8 cores: 20 warm')
    level, text = found['workers']
    assert level == 'ok' and text == '16.0 clips/s need 7 workers warm, 8 cold; 16 are set'
    level, text = doctor(*words, '--clips-per-sec', 21)[1]['workers']
    assert level == 'WARNING' and 'The 8 cores read at most 20 clips/s' in text
    level, text = doctor(*words, '--clips-per-sec', 8, '--cfg-options', 'train_dataloader.num_workers=3')[1]['workers']
    assert level == 'WARNING' and text == '8.0 clips/s need 4 workers warm, 4 cold; 3 are set'


def test_shared_memory_is_that_of_the_batches_held_ready(doctor, root):
    options = 'train_dataloader.num_workers=5', 'train_dataloader.prefetch_factor=4'
    words = '--list', 'list.csv', '--data-root', root, '--cfg-options', *options
    _, found, _ = doctor(*words, '--batch-size', 64)
    gib = 5 * 4 * 64 * (16 * 160 * 160 * 3 + 256 * 128 * 4) / 2**30
    assert found['shared memory'][0] == 'ok' and found['shared memory'][1].startswith(f'{gib:.2f} GiB')
    status, found, _ = doctor(*words, '--batch-size', 10**7)
    assert status == 1 and found['shared memory'][0] == 'ERROR' and '--shm-size' in found['shared memory'][1]


def test_clips_that_cannot_be_used(doctor, root):
    (root / 'b.mp4').write_bytes(b'no media')
    words = '--list', 'list.csv', '--data-root', root
    status, found, text = doctor(*words)
    assert status == 0 and found['clips'][0] == 'WARNING' and found['clips'][1].startswith('1 of 4 clips in the sample')
    assert f'{root}/b.mp4: cannot be opened' in text and 'shared memory' in found
    for name in 'acd':
        (root / f'{name}.mp4').write_bytes(b'no media')
    status, found, _ = doctor(*words)
    assert status == 1 and found['clips'][0] == 'ERROR' and 'speed' not in found and 'shared memory' not in found


def test_missing_files_lists_and_words(doctor, root):
    (root / 'c.mp4').unlink()
    status, found, text = doctor('--list', 'list.csv', '--data-root', root)
    assert status == 1 and found['train list'][0] == 'ERROR' and f'list.csv:4: {root}/c.mp4 does not exist' in text
    assert doctor('--list', 'gone.csv', '--data-root', root)[0] == 1
    assert doctor()[0] == 2 and doctor('a.py', '--list', 'b.csv')[0] == 2
    assert doctor('--list', 'b.csv', '--step-sec', 1, '--clips-per-sec', 2)[0] == 2


def test_a_config_with_folds(doctor, root):
    rows = [(f'{name}.mp4', '', 'joy' if name in 'ac' else 'fear', name, 1 + (name in 'cd')) for name in 'abcd']
    (root / 'lists').mkdir()
    write_list(root / 'lists/all.csv', rows, 'video,audio,label,subject,fold')
    clips = f"dict(dataset=dict(data_root='{root}', metainfo=dict(classes=['joy', 'fear'])))"
    bases = [os.path.abspath(f'configs/_base_/{name}.py') for name in ('datasets/finetune_av', 'stages/finetune')]
    loaders = [f'{name}_dataloader = {clips}' for name in ('train', 'val', 'test')]
    (root / 'config.py').write_text('\n'.join([f'_base_ = {bases}', *loaders]))
    _, found, _ = doctor(root / 'config.py')
    assert found['train list'][1].startswith('4 clips') and 'test list' not in found
    status, found, _ = doctor(root / 'config.py', '--fold', 2)
    assert status == 0 and found['train list'][1].startswith('2 clips') and found['test list'][1].startswith('2 clips')
    status, found, text = doctor(root / 'config.py', '--fold', 3)
    assert status == 1 and 'there is no fold 3 to hold out' in text


def test_files_of_a_clip(tmp_path):
    frames = write_folder(tmp_path / 'a', counted_frames(3))
    sound = write_wav(tmp_path / 'a.wav', tone(0.2))
    write_shard(tmp_path / '0.tar', [('a', frames, sound)])
    folder = clip_files(dict(video_path=str(frames), audio_path=str(sound)))
    assert set(folder) == {*(f'{frames}/000{i}.jpg' for i in (1, 2, 3)), f'{tmp_path}/a.wav'}
    shard = clip_files(dict(video_path=f'{tmp_path}/0.tar/a', audio_path=''))
    assert shard == [f'{tmp_path}/0.tar', f'{tmp_path}/0.csv']


def test_dropping_leaves_the_content(tmp_path):
    content = np.random.default_rng(0).bytes(300000)
    (tmp_path / 'a').write_bytes(content)
    drop_from_memory([tmp_path / 'a'])
    assert (tmp_path / 'a').read_bytes() == content
