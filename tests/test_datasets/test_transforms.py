"""Sampling, log-mel, gain, per-view augmentation and packing."""

import random

import numpy as np
import pytest
import torch
from torchaudio.compliance import kaldi

from mmavf.datasets.transforms import LogMel, OpenClip, PackAVInputs, PerView, RandomGain, SampleWindow, SpecAugment
from mmavf.errors import ClipError, ConfigError

from ..helpers.media import counted_frames, tone, write_folder, write_media, write_wav


def _slow_window(times, start, clip_len, interval):
    """Frames and window of one clip, one frame after the other, as the rule is told in words."""
    frames, current = [], start
    for _ in range(clip_len):
        frames.append(current)
        if current + interval < len(times):
            current += interval
    following = min(frames[-1] + interval, len(times) - 1)
    return frames, (times[start], times[following])


@pytest.mark.parametrize('count', [1, 2, 4, 5, 50, 61, 63, 64, 65, 200])
def test_windows_against_the_slow_rule(count):
    times = np.cumsum(np.random.default_rng(count).uniform(0.02, 0.2, count))
    starts = set()
    for seed in range(40):
        np.random.seed(seed)
        out = SampleWindow(16, 4, num_clips=2).transform({'frame_times': times})
        assert out['frame_inds'].shape == (2, 16) and out['window_sec'].shape == (2, 2)
        for view in range(2):
            start = int(out['frame_inds'][view, 0])
            frames, window = _slow_window(times, start, 16, 4)
            assert out['frame_inds'][view].tolist() == frames
            np.testing.assert_allclose(out['window_sec'][view], window)
            starts.add(start)
    last = max(count - 64, 0)
    assert starts <= set(range(last + 1))
    assert len(starts) >= min(last + 1, 30)


def test_a_window_at_25_fps_is_2_56_seconds_of_sound():
    out = SampleWindow().transform({'frame_times': np.arange(100) / 25})
    start, end = out['window_sec'][0]
    assert end - start == pytest.approx(2.56)


def test_test_mode_is_deterministic_and_in_the_middle():
    times = {'frame_times': np.arange(100) / 25}
    assert SampleWindow(test_mode=True).transform(dict(times))['frame_inds'][0, 0] == 18


@pytest.mark.parametrize('count', [1, 4, 5, 61, 63, 64, 65, 68, 69, 100, 257])
def test_two_test_views_are_the_first_and_the_last_of_the_strided_frames(count):
    strided = list(range(count))[::4]
    strided += strided[-1:] * (16 - len(strided))
    out = SampleWindow(num_clips=2, test_mode=True).transform({'frame_times': np.arange(count) / 25})
    views = [strided[:16], strided[-16:]] if len(strided) > 16 else [strided[:16]]  # the same is not read twice
    assert out['frame_inds'].tolist() == views and out['num_clips'] == len(views)
    last = views[-1]
    assert out['window_sec'][-1].tolist() == [last[0] / 25, min(last[-1] + 4, count - 1) / 25]


def test_more_test_views_lie_evenly_between():
    out = SampleWindow(num_clips=3, test_mode=True).transform({'frame_times': np.arange(200) / 25})
    assert out['frame_inds'][:, 0].tolist() == [0, 68, 136]  # 50 strided frames: from 0, 17 and 34 on


@pytest.mark.parametrize(('source_fps', 'clip_fps'), [(50, 25), (30, 25), (12.5, 25), (25, 25)])
def test_resampling_by_time_spans_the_same_seconds(source_fps, clip_fps):
    times = 1.0 + np.arange(round(6 * source_fps)) / source_fps
    out = SampleWindow(16, 4, clip_fps=clip_fps).transform({'frame_times': times})
    start, end = out['window_sec'][0]
    assert end - start == pytest.approx(16 * 4 / clip_fps)
    for i, frame in enumerate(out['frame_inds'][0]):
        tick = start + i * 4 / clip_fps
        on_show = [j for j, time in enumerate(times) if time <= tick + 1e-6][-1]
        assert frame == on_show


def test_resampling_by_time_of_variable_frame_rate():
    times = np.cumsum([0.0] + [0.04] * 20 + [0.5] * 10)
    out = SampleWindow(8, 1, clip_fps=4, test_mode=True).transform({'frame_times': times})
    shown = times[out['frame_inds'][0]]
    ticks = out['window_sec'][0, 0] + np.arange(8) / 4
    assert np.all(shown <= ticks + 1e-6) and np.all(ticks - shown < 0.5 + 1e-6)


def test_impossible_sampling_arguments():
    with pytest.raises(ConfigError):
        SampleWindow(clip_len=0)
    with pytest.raises(ConfigError):
        SampleWindow(clip_fps=0)


def _mel(waveform):
    return LogMel().transform({'waveforms': [waveform]})['audio'][0]


def test_log_mel_of_a_full_window_has_254_frames_and_raw_zero_padding():
    waveform = np.random.default_rng(0).normal(0, 0.1, 40960).astype(np.float32) + 0.3
    mel = _mel(waveform)
    centred = torch.from_numpy(waveform)[None] - waveform.mean()
    raw = kaldi.fbank(centred, htk_compat=True, window_type='hanning', num_mel_bins=128)  # no dither, 16 kHz, 25/10 ms
    assert raw.shape == (254, 128)
    assert mel.shape == (256, 128) and mel.dtype == torch.float32
    torch.testing.assert_close(mel[:254], (raw + 4.2677393) / (2 * 4.5689974), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(mel[254:], torch.full((2, 128), 4.2677393 / 9.1379948))


def test_floor_padding_is_what_digital_silence_gives():
    silence_after = np.concatenate([tone(1.0), np.zeros(24960, np.float32)])
    silence_after -= silence_after.mean()
    whole = LogMel(padding='floor').transform({'waveforms': [silence_after]})['audio'][0]
    short = LogMel(padding='floor').transform({'waveforms': [silence_after[:16000]]})['audio'][0]
    torch.testing.assert_close(short[:98], whole[:98], atol=1e-3, rtol=1e-3)
    assert torch.equal(short[98:], torch.full((158, 128), (-15.942385 + 4.2677393) / 9.1379948))
    assert torch.equal(short[100:], whole[-1].expand(156, 128))  # frames 98 and 99 end after the tone
    with pytest.raises(ConfigError, match="padding must be one of zero, floor, not 'edge'"):
        LogMel(padding='edge')


def test_log_mel_of_a_tone_peaks_in_its_band():
    low, high = _mel(tone(2.56, pitch_hz=300)), _mel(tone(2.56, pitch_hz=3000))
    mel = lambda hz: 1127 * np.log(1 + hz / 700)  # noqa: E731
    expected = [(mel(hz) - mel(20)) / (mel(8000) - mel(20)) * 129 - 1 for hz in (300, 3000)]
    assert abs(int(low[:254].mean(0).argmax()) - expected[0]) < 1.5
    assert abs(int(high[:254].mean(0).argmax()) - expected[1]) < 1.5


def test_log_mel_tells_when_a_tone_sets_in():
    mel = _mel(tone(2.56, onset_sec=1.0)).max(dim=1).values
    first_loud = int((mel > mel[:90].max() + 1).nonzero()[0, 0])
    assert first_loud in range(97, 101)  # frame i covers 10 i to 10 i + 25 ms


def test_longer_frames_tell_the_harmonics_of_a_voice_apart():
    times = np.arange(40960) / 16000
    voice = sum(0.05 * np.sin(2 * np.pi * 110 * k * times) for k in range(1, 12)).astype(np.float32)
    ripple = {}
    for frame_ms, frames in ((25, 254), (50, 252)):
        options = dict(num_bins=64, padding='floor', frame_ms=frame_ms)
        mel = LogMel(**options).transform({'waveforms': [voice]})['audio'][0]
        assert (mel[frames - 1] > mel[frames] + 0.5).any() and torch.equal(mel[frames], mel[255])  # as many frames fit
        low = mel[:250, :20].mean(dim=0)
        ripple[frame_ms] = (low[1:-1] - (low[:-2] + low[2:]) / 2).abs().mean()
    assert ripple[50] > 2 * ripple[25]
    for wrong in (9.0, 2570.0, float('nan')):
        with pytest.raises(ConfigError, match='frame_ms must be between 10, .* 2560, not'):
            LogMel(frame_ms=wrong)


@pytest.mark.parametrize('samples', [0, 1, 399])
def test_sound_shorter_than_a_frame_is_padding(samples):
    mel = _mel(np.ones(samples, np.float32))
    torch.testing.assert_close(mel, torch.full((256, 128), 4.2677393 / 9.1379948))


def test_longer_sound_is_cut_and_silence_is_finite():
    assert _mel(np.zeros(100000, np.float32)).shape == (256, 128)
    assert torch.isfinite(_mel(np.zeros(40960, np.float32))).all()


def test_gain_distribution_and_independence_of_views():
    np.random.seed(0)
    ones = [np.ones(3, np.float32)] * 4000
    out = RandomGain().transform({'waveforms': ones})['waveforms']
    gains = np.array([waveform[0] for waveform in out])
    assert out[0].dtype == np.float32 and len(set(out[0].tolist())) == 1
    assert gains.min() > 0.5 and gains.max() < 1.5
    assert gains.mean() == pytest.approx(1.0, abs=0.006)
    assert gains.std() == pytest.approx(np.sqrt(1 / (4 * 21)), rel=0.05)  # of Beta(10, 10)


CROP = [
    dict(type='mmaction.MultiScaleCrop', input_size=40, scales=(1, 0.875, 0.75, 0.66), num_fixed_crops=13),
    dict(type='mmaction.Resize', scale=(40, 40), keep_ratio=False),
]


def _views(num_clips):
    ramp = np.arange(60 * 80, dtype=np.uint32).reshape(60, 80, 1) % 251
    imgs = [np.repeat(ramp, 3, axis=2).astype(np.uint8)] * (4 * num_clips)
    return dict(imgs=imgs, img_shape=(60, 80), num_clips=num_clips, modality='RGB')


def test_each_view_has_its_own_crop_and_its_frames_share_it():
    random.seed(0)
    out = PerView(CROP).transform(_views(6))
    assert out['img_shape'] == (40, 40) and len(out['imgs']) == 24
    views = np.stack(out['imgs']).reshape(6, 4, 40, 40, 3)
    assert (views == views[:, :1]).all()
    assert len({view[0].tobytes() for view in views}) > 1


def test_views_of_different_size_are_a_config_error():
    with pytest.raises(ConfigError, match='different sizes'):
        for seed in range(20):
            random.seed(seed)
            PerView(CROP[:1]).transform(_views(4))


def test_packing():
    imgs = [np.full((8, 6, 3), i, np.uint8) for i in range(6)]
    meta = dict(sample_id='a', index=3, video_path='v', frame_inds=np.zeros((2, 3)), window_sec=np.zeros((2, 2)))
    packed = PackAVInputs().transform(dict(imgs=imgs, audio=torch.zeros(2, 256, 128), num_clips=2, gt_label=4, **meta))
    video = packed['inputs']['video']
    assert video.shape == (2, 3, 8, 6, 3) and video.dtype == torch.uint8
    assert video[:, :, 0, 0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert packed['inputs']['audio'].shape == (2, 256, 128)
    assert packed['data_samples'].sample_id == 'a' and packed['data_samples'].gt_label == 4


def test_open_clip_refuses_what_lacks_video_or_sound(tmp_path):
    silent = write_media(tmp_path / 'silent.mp4', counted_frames(5), None)
    blind = write_media(tmp_path / 'blind.mp4', None, tone(0.5))
    folder = write_folder(tmp_path / 'frames', counted_frames(5))
    wav = str(write_wav(tmp_path / 'a.wav', tone(1.0)))
    for video, audio, message in [
        (silent, '', 'no sound stream'),
        (blind, '', 'no video stream'),
        (silent, str(silent), 'no sound stream'),
        (folder, '', 'has no sound file'),
    ]:
        with pytest.raises(ClipError, match=message):
            OpenClip().transform(dict(video_path=str(video), audio_path=audio))
    opened = OpenClip().transform(dict(video_path=str(folder), audio_path=wav))
    np.testing.assert_allclose(opened['frame_times'], np.arange(5) / 5)
    assert OpenClip().transform(dict(video_path=str(silent), audio_path=wav))['total_frames'] == 5


@pytest.mark.parametrize('build', [lambda: RandomGain(0), lambda: RandomGain(float('nan')), lambda: SpecAugment(-3)])
def test_impossible_strengths_are_refused_when_built(build):
    with pytest.raises(ConfigError, match='must be positive|must not be negative'):
        build()
