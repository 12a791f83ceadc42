"""The data set: its items, its randomness, and what happens to clips that cannot be used."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import FUNCTIONS, init_default_scope
from torch.utils.data import DataLoader

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.bad_samples import forget_repaired
from mmavf.errors import ClipError, ConfigError, ListError, TooManyBadSamplesError
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

from ..helpers.media import counted_frames, frame_index, tone, write_folder, write_list, write_media, write_wav

CONFIG = 'configs/_base_/datasets/single_list.py'
PIPELINE = [
    dict(type='OpenClip'),
    dict(type='SampleWindow'),
    dict(type='ReadFrames'),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel'),
    dict(type='PackAVInputs'),
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Four good clips, three bad ones, and lists of them."""
    root = tmp_path_factory.mktemp('clips')
    for i in range(4):
        write_media(root / f'good{i}.mp4', counted_frames(90), tone(3.6, onset_sec=i * 0.5))
    (root / 'empty.mp4').write_bytes(b'')
    (root / 'text.mp4').write_text('no media')
    write_media(root / 'silent.mp4', counted_frames(80), None)
    good, bad = [f'good{i}.mp4' for i in range(4)], ['empty.mp4', 'text.mp4', 'silent.mp4']
    write_list(root / 'good.csv', [(name, '', '') for name in good])
    write_list(root / 'mixed.csv', [(name, '', '') for name in good + bad])
    write_list(root / 'bad.csv', [(name, '', '') for name in bad])
    return root


def _dataset(root, name, **options):
    return AVClipDataset(ann_file=name, data_root=str(root), pipeline=PIPELINE, **options)


def _equal(a, b):
    assert torch.equal(a['inputs']['video'], b['inputs']['video'])
    assert torch.equal(a['inputs']['audio'], b['inputs']['audio'])


def test_labels_are_classes_or_numbers(clips):
    with pytest.raises(ConfigError, match=r'metainfo\.classes or label_columns'):
        _dataset(clips, 'good.csv', metainfo=dict(classes=['a']), label_columns=['valence'])


def test_frames_and_sound_of_an_item_belong_together(clips):
    dataset = _dataset(clips, 'good.csv')
    for epoch in range(4):
        item = dataset[SampleKey(2, 0, epoch, 2)]  # its tone sets in at 1.0 s
        sample, video, audio = item['data_samples'], item['inputs']['video'], item['inputs']['audio']
        assert video.shape == (1, 16, 48, 64, 3) and video.dtype == torch.uint8 and audio.shape == (1, 256, 128)
        assert [frame_index(frame.numpy()) for frame in video[0]] == sample.frame_inds[0].tolist()
        start, end = sample.window_sec[0]
        assert start == pytest.approx(sample.frame_inds[0, 0] / 25) and end - start == pytest.approx(2.56)
        loud = audio[0].max(dim=1).values
        onset = int((loud > loud[:20].max() + 0.8).nonzero()[0, 0]) * 0.01 + start if start < 0.8 else 1.0
        assert onset == pytest.approx(1.0, abs=0.04)


def test_both_list_formats_and_frame_folders_give_the_same_clip(tmp_path):
    frames, sound = counted_frames(70), tone(2.8, onset_sec=1.0)
    write_folder(tmp_path / 'frames', frames)
    write_wav(tmp_path / 'sound.wav', sound)
    write_list(tmp_path / 'a.csv', [('frames', 'sound.wav', '')])
    (tmp_path / 'b.txt').write_text('frames sound.wav 3\n')
    write_list(tmp_path / 'c.csv', [('frames', 'sound.wav', '25')], 'video,audio,fps')
    items = [_dataset(tmp_path, name)[0] for name in ('a.csv', 'b.txt', 'c.csv')]
    _equal(items[0], items[1])
    _equal(items[0], items[2])
    inds = items[0]['data_samples'].frame_inds[0]
    assert [frame_index(frame.numpy()) for frame in items[0]['inputs']['video'][0]] == inds.tolist()


def test_an_item_depends_on_its_key_alone(clips):
    dataset = _dataset(clips, 'good.csv')
    key = SampleKey(1, 7, 3, 20)
    first = dataset[key]
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    _equal(first, dataset[key])
    others = [dataset[key._replace(**change)] for change in (dict(seed=8), dict(epoch=4), dict(position=21))]
    assert all(not torch.equal(first['inputs']['audio'], other['inputs']['audio']) for other in others)
    _equal(dataset[2], dataset[2])


def test_the_generators_of_the_caller_stay_as_they_were(clips):
    dataset = _dataset(clips, 'mixed.csv', max_bad_ratio=1.0)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    for index in range(7):
        dataset[SampleKey(index, 0, 0, index)]
    after = random.random(), np.random.rand(), torch.rand(1)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert after == (random.random(), np.random.rand(), torch.rand(1))


@pytest.mark.parametrize('workers', [1, 2])
def test_workers_give_the_items_of_the_main_process(clips, workers, tmp_path):
    keys = [SampleKey(index, 0, 1, place) for place, index in enumerate([4, 0, 5, 3, 6, 2])]
    dataset = _dataset(clips, 'mixed.csv', max_bad_ratio=1.0)
    alone = default_collate([dataset[key] for key in keys])
    loader = DataLoader(dataset, 3, sampler=keys, num_workers=workers, collate_fn=default_collate)
    parts = list(loader)
    assert torch.equal(torch.cat([part['inputs']['video'] for part in parts]), alone['inputs']['video'])
    assert torch.equal(torch.cat([part['inputs']['audio'] for part in parts]), alone['inputs']['audio'])
    assert alone['inputs']['video'].shape == (6, 1, 16, 48, 64, 3)
    assert [sample.index for part in parts for sample in part['data_samples']] == [
        sample.index for sample in alone['data_samples']
    ]


def test_skipped_clips_are_recorded_once_over_epochs_and_workers(clips, tmp_path):
    dataset = _dataset(clips, 'mixed.csv', max_bad_ratio=0.5)
    dataset.bad_samples_file = str(tmp_path / 'work' / 'bad_samples.jsonl')
    for epoch in range(3):
        keys = [SampleKey(i % 7, 0, epoch, i) for i in range(14)]
        loader = DataLoader(dataset, 2, sampler=keys, num_workers=2, collate_fn=default_collate)
        samples = [sample for batch in loader for sample in batch['data_samples']]
        assert len(samples) == 14 and all(sample.index < 4 for sample in samples)
    lines = [json.loads(line) for line in Path(dataset.bad_samples_file).read_text().splitlines()]
    assert sorted(line['index'] for line in lines) == [4, 5, 6]
    by_index = {line['index']: line for line in lines}
    assert by_index[6]['path'] == f'{clips}/silent.mp4' and 'no sound stream' in by_index[6]['reason']


def test_clips_that_share_a_video_have_their_own_line_but_duplicates_share_one(clips, tmp_path):
    for name in ('a.wav', 'b.wav'):
        (tmp_path / name).write_bytes(b'')
    rows = [(f'{clips}/good0.mp4', name, '') for name in ('a.wav', 'b.wav', 'a.wav', '')]
    write_list(tmp_path / 'l.csv', rows)
    dataset = _dataset(tmp_path, 'l.csv', max_bad_ratio=0.5)
    dataset.bad_samples_file = str(tmp_path / 'bad_samples.jsonl')
    for index in range(4):
        assert dataset[SampleKey(index, 0, 0, index)]['data_samples'].index == 3
    lines = [json.loads(line) for line in Path(dataset.bad_samples_file).read_text().splitlines()]
    assert [Path(line['audio']).name for line in lines].count('a.wav') == 1
    assert {Path(line['audio']).name for line in lines} == {'a.wav', 'b.wav'}


def test_the_run_stops_when_too_many_are_bad(clips, tmp_path):
    dataset = _dataset(clips, 'mixed.csv', max_bad_ratio=0.3)  # 2 of 7 may be bad
    dataset.bad_samples_file = str(tmp_path / 'bad_samples.jsonl')
    dataset[SampleKey(4, 0, 0, 0)]
    # another process, in effect: it shares nothing but the file
    other = _dataset(clips, 'mixed.csv', max_bad_ratio=0.3)
    other.bad_samples_file = dataset.bad_samples_file
    loader = DataLoader(other, 1, sampler=[SampleKey(5, 0, 0, 1), SampleKey(6, 0, 0, 2)], num_workers=1)
    loader.collate_fn = default_collate
    with pytest.raises(TooManyBadSamplesError, match='of 7 clips'):
        list(loader)


def test_a_resumed_run_tries_clips_again_that_were_repaired(clips, tmp_path):
    for name in ('a.mp4', 'b.mp4'):
        (tmp_path / name).write_bytes(b'no media')
    shutil.copy(clips / 'good0.mp4', tmp_path)
    write_list(tmp_path / 'l.csv', [('a.mp4', '', ''), ('b.mp4', '', ''), ('good0.mp4', '', '')])
    file = tmp_path / 'bad_samples.jsonl'

    def run(max_bad_ratio):
        dataset = _dataset(tmp_path, 'l.csv', max_bad_ratio=max_bad_ratio)
        dataset.bad_samples_file = str(file)
        return [dataset[SampleKey(index, 0, 0, index)]['data_samples'].index for index in range(3)]

    assert run(0.7) == [2, 2, 2]
    shutil.copy(clips / 'good0.mp4', tmp_path / 'a.mp4')
    with open(file, 'a') as record:
        record.write('{"path": "cut o')  # the disk was full
    forget_repaired(str(file))
    assert [Path(json.loads(line)['path']).name for line in file.read_text().splitlines()] == ['b.mp4']
    assert run(0.4)[0] == 0  # one bad clip of three, not two


def test_a_list_of_bad_clips_only_ends_with_an_error(clips):
    dataset = _dataset(clips, 'bad.csv', max_bad_ratio=1.0)
    with pytest.raises(TooManyBadSamplesError, match='none of the 3 clips'):
        dataset[SampleKey(0, 0, 0, 0)]


def test_the_raise_policy_raises_in_training_and_evaluation(clips):
    for test_mode in (False, True):
        dataset = _dataset(clips, 'mixed.csv', on_bad='raise', test_mode=test_mode)
        assert dataset[0]['data_samples'].index == 0
        loader = DataLoader(dataset, 1, sampler=[SampleKey(5, 0, 0, 0)], num_workers=1, collate_fn=default_collate)
        with pytest.raises(ClipError, match=r'text\.mp4: cannot be opened as media'):
            list(loader)


def test_evaluation_sets_unusable_clips_aside_and_substitutes_nothing(clips):
    dataset = _dataset(clips, 'mixed.csv', test_mode=True)
    batches = list(DataLoader(dataset, 3, num_workers=1, collate_fn=FUNCTIONS.get('collate_usable')))
    assert [[sample.index for sample in batch['data_samples']] for batch in batches] == [[0, 1, 2], [3], []]
    assert [[sample.index for sample in batch['failures']] for batch in batches] == [[], [4, 5], [6]]
    assert batches[1]['inputs']['video'].shape[0] == 1 and batches[2]['inputs'] is None
    failure = batches[2]['failures'][0]
    assert (failure.sample_id, failure.line, failure.video_path) == ('silent.mp4', 8, f'{clips}/silent.mp4')
    assert 'no sound stream' in failure.error


def test_faults_of_a_list_stop_before_training(clips, tmp_path):
    rows = [(f'{clips}/good0.mp4', '', 'joy'), (f'{clips}/none.mp4', '', 'joy'), (f'{clips}/good1.mp4', '', 'hunger')]
    write_list(tmp_path / 'l.csv', rows)
    with pytest.raises(ListError) as error:
        AVClipDataset(str(tmp_path / 'l.csv'), metainfo=dict(classes=['anger', 'joy']))
    assert 'l.csv:3:' in str(error.value) and 'none.mp4 does not exist' in str(error.value)
    assert 'l.csv:4:' in str(error.value) and "unknown label 'hunger'" in str(error.value)
    AVClipDataset(str(write_list(tmp_path / 'm.csv', [rows[0], rows[2]])))  # pre-training does not look at labels


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(metainfo=dict(classes=['joy', 'fear'])), 'no clip of class fear'),
        (dict(split=dict(column='fold', held_out=3)), 'there is no fold 3'),
        (dict(split=dict(column='fold', held_out=None)), 'held out for testing'),
    ],
)
def test_a_list_that_lacks_something_is_refused_again_but_may_be_a_part(clips, tmp_path, options, message):
    write_list(tmp_path / 'l.csv', [(f'{clips}/good0.mp4', '', 'joy', '1')], 'video,audio,label,fold')
    dataset = AVClipDataset(str(tmp_path / 'l.csv'), **options, lazy_init=True)
    for _ in range(2):
        with pytest.raises(ListError, match=message):
            len(dataset)
    if message != 'held out for testing':
        dataset.read()
        assert len(dataset) == 1


def test_duplicates_warn_in_training_and_stop_evaluation(clips, tmp_path, caplog):
    path = str(write_list(tmp_path / 'l.csv', [(f'{clips}/good0.mp4', '', '')] * 3))
    assert len(AVClipDataset(path)) == 3
    with pytest.raises(ListError, match='is already in line 2'):
        AVClipDataset(path, test_mode=True)


def test_an_id_is_that_of_one_clip_in_evaluation(clips, tmp_path):
    rows = [(f'{clips}/good{i}.mp4', '', '', 'same') for i in (0, 1)]
    path = str(write_list(tmp_path / 'l.csv', rows, 'video,audio,label,id'))
    assert len(AVClipDataset(path)) == 2
    with pytest.raises(ListError, match='l.csv:3: the id same is already in line 2'):
        AVClipDataset(path, test_mode=True)


def test_labels_reach_the_data_sample(clips, tmp_path):
    rows = [(f'{clips}/good0.mp4', 'joy', '0.5', '-1'), (f'{clips}/good1.mp4', 'anger', '0', '0')]
    path = str(write_list(tmp_path / 'l.csv', rows, 'video,label,valence,arousal'))
    named = AVClipDataset(path, pipeline=PIPELINE, metainfo=dict(classes=['anger', 'joy']))
    assert named[0]['data_samples'].gt_label.item() == 1
    numbers = AVClipDataset(path, pipeline=PIPELINE, label_columns=['valence', 'arousal'])
    assert numbers[0]['data_samples'].gt_label.tolist() == [0.5, -1.0]


def test_impossible_arguments(clips):
    with pytest.raises(ConfigError, match='on_bad'):
        _dataset(clips, 'good.csv', on_bad='ignore')
    with pytest.raises(ConfigError, match='max_bad_ratio'):
        _dataset(clips, 'good.csv', max_bad_ratio=2)


def test_a_share_of_the_entries_is_drawn_by_its_seed(clips, tmp_path):
    lines = [f'tone.mp4,,{label}' for label in range(40)]
    (tmp_path / 'many.csv').write_text('\n'.join(['video,audio,label', *lines]) + '\n')
    shutil.copy(next(clips.glob('**/*.mp4')), tmp_path / 'tone.mp4')

    def drawn(**options):
        data = AVClipDataset('many.csv', str(tmp_path), **options)
        return [data.get_data_info(index)['line'] for index in range(len(data))]

    whole, half, quarter = drawn(), drawn(share=0.5), drawn(share=0.25)
    assert (len(whole), len(half), len(quarter)) == (40, 20, 10)
    assert set(quarter) < set(half) < set(whole) and half == sorted(half) != whole[:20]
    assert half == drawn(share=0.5) != drawn(share=0.5, share_seed=1)
    for wrong in (dict(share=0), dict(share=1.5), dict(share=0.5, test_mode=True)):
        with pytest.raises(ConfigError, match='share'):
            drawn(**wrong)


def test_concatenation_passes_keys_on(clips, tmp_path):
    parts = [_dataset(clips, 'good.csv'), _dataset(clips, 'mixed.csv', max_bad_ratio=1.0)]
    both = ConcatClipDataset(parts)
    assert len(both) == 11
    _equal(both[SampleKey(6, 1, 2, 9)], parts[1][SampleKey(2, 1, 2, 9)])
    _equal(both[SampleKey(3, 1, 2, 9)], parts[0][SampleKey(3, 1, 2, 9)])
    assert 4 <= both[SampleKey(10, 0, 0, 0)]['data_samples'].index < 8  # of the same part


def test_all_missing_lists_of_a_concatenation_are_named(clips):
    part = dict(type='AVClipDataset', data_root=str(clips), pipeline=[])
    with pytest.raises(ListError) as error:
        ConcatClipDataset([part | dict(ann_file=name) for name in ('none1.csv', 'good.csv', 'none2.csv')])
    assert 'none1.csv' in str(error.value) and 'none2.csv' in str(error.value) and 'good' not in str(error.value)


def test_one_list_takes_the_place_of_a_concatenation(clips, tmp_path):
    config = Config.fromfile('configs/avfmae_b_pretrain.py')
    options = {'ann_file': 'good.csv', 'data_root': str(clips)}
    config.merge_from_dict({f'train_dataloader.dataset.{key}': value for key, value in options.items()})
    own = DATASETS.build(config.train_dataloader.dataset)
    single = Config.fromfile(CONFIG).train_dataloader.dataset
    single.update(options)
    assert len(own.datasets) == 1
    _equal(own[SampleKey(2, 1, 2, 9)], DATASETS.build(single)[SampleKey(2, 1, 2, 9)])
    with pytest.raises(ConfigError, match='needs a list'):
        ConcatClipDataset([dict(type='AVClipDataset', ann_file='good.csv')], data_root=str(clips))


def test_the_shipped_config_gives_training_batches(clips):
    config = Config.fromfile(CONFIG)
    dataset = config.train_dataloader.dataset
    dataset.update(ann_file='good.csv', data_root=str(clips))
    dataset.pipeline[1].num_clips = 2
    batch = default_collate([DATASETS.build(dataset)[SampleKey(i, 0, 0, i)] for i in range(3)])
    assert batch['inputs']['video'].shape == (3, 2, 16, 160, 160, 3)
    assert batch['inputs']['audio'].shape == (3, 2, 256, 128)


def test_the_hybrid_names_its_five_missing_lists(tmp_path, monkeypatch):
    config = Config.fromfile('configs/_base_/datasets/avfmae_hybrid.py')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ListError) as error:
        DATASETS.build(config.train_dataloader.dataset)
    for corpus in ('voxceleb2', 'cn_celeb', 'av_speech', 'celebv_hq', 'mer2024_unlabelled'):
        assert f'data/{corpus}/lists/pretrain.csv' in str(error.value)
