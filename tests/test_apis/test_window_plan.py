"""Where windows begin and which frames they show."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from mmavf.apis.inference.model_input import ModelInput
from mmavf.apis.inference.window_plan import plan_windows
from mmavf.errors import ConfigError
from tests.helpers.models import ROOT

AV = ROOT / 'configs/_base_/datasets/finetune_av.py'
MICRO = ROOT / 'configs/_base_/datasets/finetune_micro.py'


def model_input(path=AV, clip_fps=None):
    return ModelInput.from_model(SimpleNamespace(cfg=Config.fromfile(path), card=None), clip_fps)


def timeline(times, hop_sec=1.28, **settings):
    return [window for window in plan_windows(model_input(**settings), times, hop_sec) if window.in_timeline]


def test_windows_begin_every_hop_and_one_ends_with_the_track():
    times = 3 + np.arange(250) / 25  # 10 s from second 3 on
    windows = timeline(times)
    starts = [round(float(window.window_sec[0]), 6) for window in windows]
    assert starts == [3.0, 4.28, 5.56, 6.84, 8.12, 9.4, 10.44]
    np.testing.assert_array_equal(windows[1].frame_inds, 32 + 4 * np.arange(16))
    assert all(window.window_sec[1] - window.window_sec[0] == pytest.approx(2.56) for window in windows[:-1])
    assert windows[-1].frame_inds[0] == 250 - 64


def test_less_than_half_a_hop_at_the_end_is_left_to_the_window_before():
    times = np.arange(64 + 16) / 25
    assert [window.frame_inds[0] for window in timeline(times)] == [0]
    times = np.arange(64 + 17) / 25
    assert [window.frame_inds[0] for window in timeline(times)] == [0, 17]


@pytest.mark.parametrize('fps', [15.0, 25.0, 29.97, 50.0, 60.0, 240.0])
def test_a_window_lasts_as_long_at_any_frame_rate(fps):
    times = np.arange(round(8 * fps)) / fps
    for window in timeline(times):
        seen = times[window.frame_inds]
        wanted = window.window_sec[0] + 0.16 * np.arange(16)
        assert (wanted - seen >= -1e-6).all() and (wanted - seen < 1 / fps + 1e-6).all()


def test_frames_of_the_source_are_counted_on_request():
    windows = timeline(np.arange(480) / 60, hop_sec=1.0, clip_fps='source')
    assert windows[0].window_sec[1] == pytest.approx(64 / 60)
    assert windows[1].frame_inds[0] == 60


def test_a_short_track_gets_one_window_that_holds_its_last_frame():
    (window,) = timeline(np.arange(10) / 25)
    np.testing.assert_array_equal(window.frame_inds, [0, 4] + [8] * 14)
    assert window.window_sec.tolist() == [0, pytest.approx(9 / 25)]


@pytest.mark.parametrize('count', [1, 10, 64, 65, 100, 128, 300])
def test_the_answer_is_made_of_the_views_of_a_test(count):
    times = np.arange(count) / 25
    own = model_input()
    views = own.sampler.transform(dict(frame_times=times))['frame_inds']
    used = [w.frame_inds for w in plan_windows(own, times, 1.28) for _ in range(w.in_answer)]
    assert sorted(map(tuple, views.tolist())) == sorted(map(tuple, np.array(used).tolist()))


def test_a_model_of_whole_clips_gets_the_whole_track():
    (window,) = plan_windows(model_input(MICRO), np.arange(320) / 200, 1.28)
    assert (window.in_timeline, window.in_answer) == (True, 1)
    np.testing.assert_array_equal(window.frame_inds, 20 * np.arange(16) + 10)


def test_a_pipeline_without_a_sampler_is_refused():
    cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=[dict(type='OpenClip'), dict(type='ReadFrames')]))))
    with pytest.raises(ConfigError, match='must choose frames by one of SampleWindow, SampleSegments'):
        ModelInput.from_model(SimpleNamespace(cfg=cfg, card=None))
    with pytest.raises(ConfigError, match="a number of frames per second or 'source', not 'fast'"):
        model_input(clip_fps='fast')
