"""The shipped fine-tuning pipelines, from a list to a batch, with both modalities and with one."""

import os
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import FUNCTIONS, init_default_scope

from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

from ..helpers.media import counted_frames, tone, write_list, write_media, write_wav

BASE = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets'
CLASSES = ['calm', 'cross']
KINDS = {'av': {'video', 'audio'}, 'video': {'video'}, 'audio': {'audio'}, 'micro': {'video'}}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Two folds of two subjects each: clips with sound, and wav files named beside no video."""
    init_default_scope('mmavf')
    root = tmp_path_factory.mktemp('clips')
    rows = {'av': [], 'wav': []}
    for i in range(4):
        sound = tone(3.2, onset_sec=0.3 * i)
        write_media(root / f'{i}.mp4', counted_frames(80), sound)
        write_wav(root / f'{i}.wav', sound)
        what = (CLASSES[i % 2], f's{i}', i // 2 + 1, 'g', f'id {i}')
        rows['av'].append((f'{i}.mp4', '', *what))
        rows['wav'].append(('', f'{i}.wav', *what))
    for name, lines in rows.items():
        write_list(root / f'{name}.csv', lines, 'video,audio,label,subject,fold,group,id')
    return root


def _dataset(folder, kind, part='train', ann_file='av.csv', **options):
    config = deepcopy(Config.fromfile(str(BASE / f'finetune_{kind}.py'))[f'{part}_dataloader'])
    split = dict(config.dataset.split, held_out='2', part='train' if part == 'train' else 'test')
    changes = dict(ann_file=str(folder / ann_file), data_root=str(folder), metainfo=dict(classes=CLASSES))
    dataset = DATASETS.build({**config.dataset, **changes, 'split': split, 'source': 'mine', **options})
    return dataset, FUNCTIONS.get(config.collate_fn.type)


@pytest.mark.parametrize(('part', 'views'), [('train', 1), ('val', 1), ('test', 2)])
@pytest.mark.parametrize('kind', KINDS)
def test_batches_hold_the_modalities_of_the_config(folder, kind, part, views):
    dataset, collate = _dataset(folder, kind, part)
    views = 1 if kind == 'micro' else views
    batch = collate([dataset[i] for i in range(len(dataset))])
    shapes = dict(video=(2, views, 16, 160, 160, 3), audio=(2, views, 256, 128))
    assert {key: tuple(x.shape) for key, x in batch['inputs'].items()} == {key: shapes[key] for key in KINDS[kind]}
    if 'video' in batch['inputs']:
        assert batch['inputs']['video'].dtype == torch.uint8
    first = batch['data_samples'][0]
    assert first.gt_label == 0 and first.gt_label.dtype == torch.int64
    held_out = part != 'train'
    meta = dict(subject='s2', fold='2') if held_out else dict(subject='s0', fold='1')
    meta |= dict(group='g', source='mine', sample_id='id 2' if held_out else 'id 0')
    assert {key: first.get(key) for key in meta} == meta
    assert first.frame_inds.shape == (views, 16) and first.window_sec.shape == (views, 2)


@pytest.mark.parametrize('kind', KINDS)
def test_training_is_random_by_key_and_evaluation_is_not(folder, kind):
    def tensors(dataset, key):
        return torch.cat([x.flatten().float() for x in dataset[key]['inputs'].values()])

    train, _ = _dataset(folder, kind)
    keys = [SampleKey(index=0, seed=3, epoch=epoch, position=7) for epoch in range(4)]
    first = [tensors(train, key) for key in keys]
    np.random.rand(5), torch.rand(5)
    for key, before in zip(keys, first, strict=True):
        assert torch.equal(tensors(train, key), before)
    assert all(not torch.equal(first[0], other) for other in first[1:])
    for part in ('val', 'test'):
        dataset, _ = _dataset(folder, kind, part)
        assert torch.equal(tensors(dataset, keys[0]), tensors(dataset, keys[1]))


def test_workers_give_what_the_main_process_gives(folder):
    dataset, collate = _dataset(folder, 'av')
    keys = [[SampleKey(index=i, seed=0, epoch=1, position=i) for i in (0, 1)]]
    batches = []
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(dataset, batch_sampler=keys, num_workers=workers, collate_fn=collate)
        batches.append(next(iter(loader))['inputs'])
    torch.testing.assert_close(*batches, rtol=0, atol=0)


def test_wav_files_of_a_list_without_videos(folder):
    from_wav, _ = _dataset(folder, 'audio', 'test', ann_file='wav.csv')
    from_video, _ = _dataset(folder, 'audio', 'test')
    wav, video = from_wav[1], from_video[1]
    assert wav['data_samples'].audio_path.endswith('3.wav') and wav['data_samples'].video_path == ''
    difference = (wav['inputs']['audio'][0] - video['inputs']['audio'][0]).abs()
    assert difference[95:250].mean() < 0.1  # the tone, from 0.9 s on, up to what the codec changes
    assert wav['data_samples'].window_sec[0].tolist() == [0, 2.56]


def test_clips_of_several_classes_carry_scores(folder):
    rows = [(f'{i}.mp4', '', label) for i, label in enumerate(('calm', 'cross', 'calm+cross'))]
    write_list(folder / 'several.csv', rows)
    options = dict(ann_file='several.csv', multi_label=True)
    dataset, _ = _dataset(folder, 'audio', **options, split=None)
    scores = [dataset[i]['data_samples'].gt_score for i in range(3)]
    assert all(score.dtype == torch.float32 for score in scores)
    assert torch.stack(scores).tolist() == [[1, 0], [0, 1], [0.5, 0.5]]


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_real_utterances_from_the_folder_in_mmavf_media(tmp_path):
    init_default_scope('mmavf')
    root = Path(os.environ['MMAVF_MEDIA'])
    files = sorted((root / 'ravdess_wav').rglob('*.wav'))
    rows = [('', path.relative_to(root), path.stem.split('-')[2], 1 + (i % 2)) for i, path in enumerate(files)]
    write_list(tmp_path / 'l.csv', rows, 'video,audio,label,fold')
    metainfo = dict(classes=[f'{number:02d}' for number in range(1, 9)])
    dataset, _ = _dataset(root, 'audio', 'test', ann_file=str(tmp_path / 'l.csv'), metainfo=metainfo)
    for i in range(0, len(dataset), 10):
        audio = dataset[i]['inputs']['audio']
        assert audio.shape == (2, 256, 128) and audio.isfinite().all() and audio.std() > 0.1
