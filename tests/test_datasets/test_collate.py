"""Batches of a test: clips shorter than a window are looked at once, and stand beside longer ones."""

import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmavf.datasets import collate_usable
from mmavf.datasets.transforms import OpenClip, ReadAudio, SampleWindow

from ..helpers.media import counted_frames, tone, write_media, write_wav


@pytest.fixture
def item(tmp_path):
    """Make a video of some frames; return what a test pipeline of two windows and three crops makes of it."""
    init_default_scope('mmavf')
    steps = Compose(
        [
            dict(type='OpenClip'),
            dict(type='SampleWindow', clip_len=4, frame_interval=4, num_clips=2, test_mode=True),
            dict(type='ReadFrames'),
            dict(type='ResizeCrops', size=16, num_crops=3),
            dict(type='ReadAudio'),
            dict(type='LogMel', num_frames=64),
            dict(type='PackAVInputs'),
        ]
    )

    def make(count):
        path = write_media(tmp_path / f'{count}.mp4', counted_frames(count), tone(count / 25))
        return steps(dict(video_path=str(path), audio_path='', sample_id=path.name, index=0))

    return make


def test_short_clips_have_one_window_and_are_repeated_beside_longer_ones(item):
    short, long = item(14), item(40)
    alone = collate_usable([short, short])['inputs']
    assert alone['video'].shape[:2] == (2, 3) and alone['audio'].shape == (2, 3, 64, 128)
    both = collate_usable([short, long, dict(inputs=None, data_samples='broken')])
    assert both['inputs']['video'].shape[:2] == (2, 6) and both['failures'] == ['broken']
    for name, views in both['inputs'].items():
        assert torch.equal(views[1], long['inputs'][name])
        assert torch.equal(views[0], short['inputs'][name].repeat(2, *[1] * (views.ndim - 2)))
        torch.testing.assert_close(views[0].float().mean(dim=0), short['inputs'][name].float().mean(dim=0))


def test_equal_windows_are_decoded_once_in_training(tmp_path):
    write_wav(tmp_path / 'a.wav', tone(0.5))
    clip = OpenClip(('audio',)).transform(dict(video_path='', audio_path=str(tmp_path / 'a.wav')))
    reads = []
    read = clip['audio_reader'].read_audio
    clip['audio_reader'].read_audio = lambda *window: reads.append(window) or read(*window)
    waveforms = ReadAudio().transform(SampleWindow(num_clips=3).transform(clip))['waveforms']
    assert len(reads) == 1 and [len(waveform) for waveform in waveforms] == [7680] * 3  # until the last moment of 40 ms
