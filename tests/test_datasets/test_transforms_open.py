"""One modality alone, clips without sound, and frames spread over a short clip."""

import logging

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from mmavf.datasets.media import MediaFile
from mmavf.datasets.transforms import OpenClip, ReadAudio, ReadFrames, SampleSegments, SampleWindow
from mmavf.errors import ClipError, ConfigError

from ..helpers.media import counted_frames, frame_index, onset_sec, tone, write_folder, write_media, write_wav


@pytest.fixture
def media(tmp_path):
    """A clip of 3 s whose tone sets in at 1 s, its parts, and a folder of 20 frames."""
    frames, sound = counted_frames(75), tone(3.0, onset_sec=1.0)
    return dict(
        both=str(write_media(tmp_path / 'both.mp4', frames, sound)),
        silent=str(write_media(tmp_path / 'silent.mp4', frames, None)),
        blind=str(write_media(tmp_path / 'blind.mp4', None, sound)),
        wav=str(write_wav(tmp_path / 'sound.wav', sound)),
        folder=str(write_folder(tmp_path / 'frames', counted_frames(20))),
    )


def _open(video, audio='', modalities=('video', 'audio'), missing_audio='raise', **entry):
    return OpenClip(modalities, missing_audio)(dict(video_path=video, audio_path=audio, **entry))


@pytest.mark.parametrize(('video', 'audio'), [('', 'wav'), ('silent', 'wav'), ('blind', ''), ('both', '')])
def test_sound_alone_is_sampled_like_the_video_that_it_may_have(media, video, audio):
    opened = _open(media.get(video, ''), media.get(audio, ''), modalities=('audio',))
    assert 'video_reader' not in opened
    length_sec = opened['audio_reader'].duration_sec  # 3 s, or a little more that the codec adds
    np.testing.assert_allclose(opened['frame_times'], np.arange(int(length_sec * 25) + 1) / 25)
    results = ReadAudio()(SampleWindow(test_mode=True)(opened))
    start, end = results['window_sec'][0]
    assert end - start == pytest.approx(2.56)
    assert start + onset_sec(results['waveforms'][0]) == pytest.approx(1.0, abs=0.01)


def test_a_span_of_sound_alone(media):
    opened = _open('', media['wav'], modalities=('audio',), start=0.5, end=1.5)
    np.testing.assert_allclose(opened['frame_times'], 0.5 + np.arange(26) / 25)
    with pytest.raises(ClipError, match='no sound after 3.5 s'):
        _open('', media['wav'], modalities=('audio',), start=3.5)


@pytest.mark.parametrize('audio', ['', 'there is no such sound.wav'])
@pytest.mark.parametrize('name', ['both', 'silent'])
def test_video_alone_looks_at_no_sound(media, name, audio, monkeypatch):
    monkeypatch.setattr('mmavf.datasets.media.media_source.AudioTrack', None)
    opened = _open(media[name], audio, modalities=('video',))
    assert 'audio_reader' not in opened and opened['total_frames'] == 75
    results = ReadFrames()(SampleWindow(test_mode=True)(opened))
    assert [frame_index(img) for img in results['imgs']] == results['frame_inds'][0].tolist()
    assert MediaFile(media[name], kinds=('video',)).audio is None


def test_a_folder_without_rate_or_sound_counts_as_25_frames_per_second(media):
    np.testing.assert_allclose(_open(media['folder'], modalities=('video',))['frame_times'], np.arange(20) / 25)
    opened = _open(media['folder'], modalities=('video',), fps=200.0)
    np.testing.assert_allclose(opened['frame_times'], np.arange(20) / 200)


@pytest.mark.parametrize(('video', 'audio'), [('silent', ''), ('folder', ''), ('both', 'silent')])
def test_silence_stands_in_only_where_that_is_asked_for(media, video, audio):
    with pytest.raises(ClipError, match='sound'):
        _open(media[video], media.get(audio, ''))
    opened = _open(media[video], media.get(audio, ''), missing_audio='silence')
    assert opened['missing_audio'] is True
    results = ReadAudio()(SampleWindow()(opened))
    start, end = results['window_sec'][0]
    assert results['waveforms'][0].shape == (round((end - start) * 16000),)
    assert results['waveforms'][0].dtype == np.float32 and not results['waveforms'][0].any()


def test_sound_that_is_there_is_used_with_silence_allowed(media):
    opened = _open(media['both'], missing_audio='silence')
    assert opened['missing_audio'] is False
    assert onset_sec(opened['audio_reader'].read_audio(0.0, 2.0)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ('video', 'audio', 'modalities', 'message'),
    [
        ('blind', '', ('video',), 'no video stream'),
        ('', 'wav', ('video', 'audio'), 'has no video for this sound'),
        ('silent', '', ('audio',), 'no sound stream'),
        ('folder', '', ('audio',), 'has no sound file'),
    ],
)
def test_silence_does_not_excuse_other_faults(media, video, audio, modalities, message):
    with pytest.raises(ClipError, match=message):
        _open(media.get(video, ''), media.get(audio, ''), modalities, missing_audio='silence')


def test_silence_is_logged_once_over_all_processes(media):
    opener = OpenClip(missing_audio='silence')
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = MMLogger.get_instance('silence')
    logger.addHandler(handler)
    clip = dict(video_path=media['silent'], audio_path='')
    opener(dict(clip))
    opener(dict(clip))
    assert len(lines) == 1 and media['silent'] in lines[0]
    other = OpenClip(missing_audio='silence')
    worker = torch.multiprocessing.get_context('fork').Process(target=other, args=(dict(clip),))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    other(dict(clip))  # the worker has said it
    assert len(lines) == 1


def test_impossible_arguments_of_open_clip():
    for wrong in (dict(modalities=()), dict(modalities=('text',)), dict(missing_audio='ignore')):
        with pytest.raises(ConfigError):
            OpenClip(**wrong)


@pytest.mark.parametrize('count', [1, 7, 16, 17, 31, 60, 200])
def test_segments_hold_one_frame_each(count):
    times = np.arange(count) / 200
    drawn = []
    for _ in range(50):
        out = SampleSegments(16)({'frame_times': times})
        assert out['frame_inds'].shape == (1, 16) and out['num_clips'] == 1
        assert out['window_sec'].tolist() == [[0.0, times[-1]]]
        drawn.append(out['frame_inds'][0])
    for segment, frames in enumerate(np.stack(drawn, axis=1)):
        first, end = segment * count / 16, (segment + 1) * count / 16
        inside = {frame for frame in range(count) if frame + 1 > first and frame < end}  # that the segment touches
        assert set(frames.tolist()) <= inside
        if count >= 31:
            assert len(set(frames.tolist())) >= min(len(inside), 10) - 1
    assert (np.diff(np.stack(drawn), axis=1) >= 0).all()
    middle = SampleSegments(16, test_mode=True)({'frame_times': times})['frame_inds'][0]
    assert middle.tolist() == [int((segment + 0.5) * count / 16) for segment in range(16)]


def test_segments_want_a_length():
    with pytest.raises(ConfigError):
        SampleSegments(0)
