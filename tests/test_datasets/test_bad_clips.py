"""Clips that fail in the middle of the pipeline, in whatever way: a run goes on, and what is wrong is named."""

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import FUNCTIONS, init_default_scope
from torch.utils.data import DataLoader

from mmavf.datasets import AVClipDataset
from mmavf.errors import ClipError, ConfigError, TooManyBadSamplesError
from mmavf.structures import SampleKey

from ..helpers.media import counted_frames, tone, write_folder, write_list, write_media, write_wav

PIPELINE = [
    dict(type='OpenClip'),
    dict(type='SampleWindow'),
    dict(type='ReadFrames'),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel'),
    dict(type='PackAVInputs'),
]
STAGES = ['pretrain', 'postpretrain_cea', 'finetune', 'finetune_micro']


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Four clips of the same length."""
    root = tmp_path_factory.mktemp('clips')
    sound = tone(3.2)
    for i in range(4):
        write_folder(root / str(i), counted_frames(80))
        write_wav(root / f'{i}.wav', sound)
    write_list(root / 'l.csv', [(i, f'{i}.wav', '') for i in range(4)])
    return root


class Faulty:
    """A transform of somebody's own that fails at one clip (None: at each)."""

    def __init__(self, fault, index=1):
        self.fault, self.index = fault, index

    def __call__(self, results):
        return self.fault(results) if self.index in (None, results['index']) else results


def divide(results):
    return 1 / 0


def resize_nothing(results):
    return cv2.resize(np.zeros((0, 0, 3), np.uint8), (4, 4))


def ask_for_memory(results):
    return torch.empty(1 << 60, dtype=torch.uint8)


def look_up(results):
    return results['boxes']


def give_nothing(results):
    return None


def refuse(results):
    raise ClipError('nobody speaks in it')


def sleep(results):
    for _ in range(50):  # in pieces: a late call ends where it is back in Python
        time.sleep(0.1)


FAULTS = {
    divide: 'ZeroDivisionError: division by zero',
    resize_nothing: 'error: OpenCV',
    ask_for_memory: 'needs more memory than is available',
    look_up: "KeyError: 'boxes'",
    give_nothing: r'a transform returned None',
    refuse: 'nobody speaks in it',
    sleep: r'takes longer than 1 s \(clip_timeout_sec\)',
}


def dataset(root, fault, index=1, **options):
    if fault is sleep:
        options['clip_timeout_sec'] = 1.0  # which the other clips keep on a busy machine
    pipeline = [*PIPELINE[:2], Faulty(fault, index), *PIPELINE[2:]]
    return AVClipDataset('l.csv', str(root), pipeline, **options)


@pytest.mark.parametrize('fault', FAULTS)
@pytest.mark.parametrize('workers', [0, 1])
def test_training_goes_on_with_another_clip_and_records_the_reason(clips, tmp_path, fault, workers):
    data = dataset(clips, fault, max_bad_ratio=0.5)
    data.bad_samples_file = str(tmp_path / 'bad_samples.jsonl')
    keys = [SampleKey(i % 4, 0, 0, i) for i in range(8)]
    loader = DataLoader(data, 4, sampler=keys, num_workers=workers, collate_fn=default_collate)
    indices = [sample.index for batch in loader for sample in batch['data_samples']]
    assert len(indices) == 8 and 1 not in indices
    [line] = [json.loads(line) for line in Path(data.bad_samples_file).read_text().splitlines()]
    assert line['path'] == f'{clips}/1' and line['reason'].startswith(f'{clips}/1: ')
    with pytest.raises(AssertionError, match=FAULTS[fault]):
        raise AssertionError(line['reason'])


@pytest.mark.parametrize('fault', FAULTS)
def test_a_test_sets_the_clip_aside_and_the_raise_policy_names_it(clips, fault):
    data = dataset(clips, fault, test_mode=True)
    batches = list(DataLoader(data, 2, collate_fn=FUNCTIONS.get('collate_usable')))
    assert [sample.index for batch in batches for sample in batch['data_samples']] == [0, 2, 3]
    [failure] = [sample for batch in batches for sample in batch['failures']]
    with pytest.raises(ClipError, match=f'/1: .*{FAULTS[fault]}'):
        raise ClipError(failure.error)
    data = dataset(clips, fault, on_bad='raise')
    with pytest.raises(ClipError, match=f'{clips}/1: .*{FAULTS[fault]}'):
        list(DataLoader(data, 2, num_workers=1, collate_fn=default_collate))


def test_a_transform_that_fails_at_every_clip_ends_the_run_with_its_reason(clips, tmp_path):
    data = dataset(clips, divide, index=None, max_bad_ratio=0.5)
    with pytest.raises(TooManyBadSamplesError, match=r'ZeroDivisionError: division by zero; test_bad_clips\.py, line'):
        data[SampleKey(0, 0, 0, 0)]


def test_an_error_of_the_configuration_is_no_fault_of_a_clip(clips):
    def refuse_arguments(results):
        raise ConfigError('size must be even')

    with pytest.raises(ConfigError, match='^size must be even$'):
        dataset(clips, refuse_arguments, max_bad_ratio=1.0)[SampleKey(1, 0, 0, 0)]


def test_samples_are_the_same_with_and_without_a_limit_and_after_a_late_clip(clips):
    plain = AVClipDataset('l.csv', str(clips), PIPELINE, clip_timeout_sec=None)
    limited = dataset(clips, sleep, test_mode=True)
    for index in (0, 1, 2, 3):
        key = SampleKey(index, 5, 1, index)
        own = limited[key]
        if index == 1:
            assert own['inputs'] is None
            continue
        for name, value in plain[key]['inputs'].items():
            assert torch.equal(value, own['inputs'][name])


def test_impossible_limits(clips):
    for seconds in (0, -1.0, float('nan')):
        with pytest.raises(ConfigError, match='clip_timeout_sec must be positive'):
            AVClipDataset('l.csv', str(clips), PIPELINE, clip_timeout_sec=seconds)


@pytest.mark.parametrize('stage', STAGES)
@pytest.mark.parametrize('size', [(1, 1), (1, 40), (40, 1), (2, 2), (3, 200)])
def test_tiny_pictures_are_usable_or_refused_by_name(stage, size, tmp_path):
    """(height, width)"""
    (tmp_path / 'tiny').mkdir()
    for number in range(20):
        picture = np.full((*size, 3), 10 * number, np.uint8)
        cv2.imwrite(str(tmp_path / 'tiny' / f'{number}.png'), picture)
    write_wav(tmp_path / 's.wav', tone(0.8))
    write_list(tmp_path / 'l.csv', [('tiny', 's.wav', '')])
    config = Config.fromfile(f'configs/avfmae_b_{stage}.py').train_dataloader.dataset
    pipeline = config.get('pipeline') or config['datasets'][0]['pipeline']
    data = AVClipDataset('l.csv', str(tmp_path), pipeline, on_bad='raise')
    for position in range(3):
        key = SampleKey(0, 0, 0, position)
        if min(size) < 2:
            with pytest.raises(ClipError, match=f'/tiny: the picture has {size[1]} x {size[0]} pixels'):
                data[key]
        else:
            assert data[key]['inputs']['video'].shape[-3:] == (160, 160, 3)


@pytest.mark.parametrize('stage', STAGES)
def test_hours_between_two_frames_are_refused_and_take_no_memory(stage, tmp_path):
    stamps = [*(np.arange(20) / 25), *(3600 + np.arange(20) / 25)]
    write_media(tmp_path / 'gap.mkv', counted_frames(40), tone(1.0), stamps_sec=stamps)
    write_list(tmp_path / 'l.csv', [('gap.mkv', '', '')])
    config = Config.fromfile(f'configs/avfmae_b_{stage}.py').train_dataloader.dataset
    pipeline = config.get('pipeline') or config['datasets'][0]['pipeline']
    data = AVClipDataset('l.csv', str(tmp_path), pipeline, on_bad='raise')
    if stage == 'finetune_micro':  # looks at no sound
        assert data[0]['inputs']['video'].shape == (1, 16, 160, 160, 3)
        return
    with pytest.raises(ClipError, match=r'gap\.mkv: its window of 36\d\d s exceeds the limit of 300 s: there is a gap'):
        data[SampleKey(0, 0, 0, 0)]


def test_images_at_an_absurd_rate_are_refused(clips, tmp_path):
    write_list(tmp_path / 'l.csv', [(f'{clips}/0', f'{clips}/0.wav', '0.001')], 'video,audio,fps')
    data = AVClipDataset('l.csv', str(tmp_path), PIPELINE, on_bad='raise')
    with pytest.raises(ClipError, match=r'/0: its window of 64000 s exceeds.*their rate \(fps\) is wrong'):
        data[0]
