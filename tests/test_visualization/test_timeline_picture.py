import io

import cv2
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torchaudio.compliance import kaldi

from mmavf.datasets.media import ArrayFrames, ArraySound
from mmavf.faces.crop import crop_square
from mmavf.timeline import Track, Window
from mmavf.visualization import timeline_picture
from mmavf.visualization.face_squares import corners, place_at
from mmavf.visualization.frame_strip import small_frames
from mmavf.visualization.long_mel import NUM_BINS, long_mel
from mmavf.visualization.palette import COLOURS
from mmavf.visualization.score_panel import OTHERS, draw_track, legend_of, shown_classes
from mmavf.visualization.timeline_picture import clock, draw_timeline
from tests.helpers.media import counted_frames, frame_index, tone
from tests.helpers.timelines import classifier, face, regressor, source, timeline, windows


def rgb(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def panel_pixels(line, track):
    """A panel of 10 s as (100, 500, 3) pixels, without anything around it."""
    figure = Figure(figsize=(5, 1), dpi=100)
    FigureCanvasAgg(figure)
    panel = figure.add_axes((0, 0, 1, 1))
    draw_track(panel, line, track, shown_classes(line))
    panel.set(xlim=(0, 10), title='')
    panel.axis('off')
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png')
    return np.array(Image.open(buffer).convert('RGB'))


def columns_of(pixels, colour):
    """The first and last column that are of a colour in the middle of the panel's height."""
    found = np.flatnonzero((pixels[40] == rgb(colour)).all(axis=1))
    return (found[0], found[-1]) if len(found) else None


def test_a_window_is_drawn_where_its_centre_is_the_nearest():
    model = classifier(('a', 'b', 'c'))
    rows = [(0, 2, 0), (1, 3, 1), (6, 8, 2), (8, 9, 0)]
    made = [Window(1, start, end, tuple(np.eye(3)[label].tolist())) for start, end, label in rows]
    pixels = panel_pixels(timeline(source(), model, windows=made[:3]), 1)
    for colour, expected in zip(COLOURS, [(0, 75), (75, 150), (300, 400)], strict=False):
        assert columns_of(pixels, colour) == (pytest.approx(expected[0], abs=1), pytest.approx(expected[1] - 1, abs=1))
    pixels = panel_pixels(timeline(source(), model, windows=[made[0], made[3]]), 1)
    found = np.flatnonzero((pixels[40] == rgb(COLOURS[0])).all(axis=1))
    assert np.diff(found).max() == pytest.approx(301, abs=2)  # the gap from 2 to 8 s


def test_probabilities_are_stacked_from_below():
    line = timeline(source(), classifier(('a', 'b')), windows=[Window(1, 0, 10, (0.3, 0.7))])
    column = panel_pixels(line, 1)[:, 250]
    assert (column == rgb(COLOURS[0])).all(axis=1).sum() == pytest.approx(30, abs=1)
    assert (column[-20] == rgb(COLOURS[0])).all() and (column[20] == rgb(COLOURS[1])).all()


@pytest.mark.parametrize('model', [classifier(('a', 'b')), regressor(('arousal',))])
def test_a_window_of_a_single_frame_lasts_no_time_and_leaves_the_panel_empty(model):
    """A recording of one frame has one."""
    scores = (0.3, 0.7)[: len(model.names)]
    pixels = panel_pixels(timeline(source(), model, windows=[Window(1, 0, 0, scores)]), 1)
    assert columns_of(pixels, COLOURS[0]) is None and columns_of(pixels, COLOURS[1]) is None


def test_of_many_classes_the_most_probable_have_colours_and_the_others_share_one():
    model = classifier([f'c{i}' for i in range(43)])
    scores = np.full(43, 0.4 / 33)
    scores[20:30] = 0.06
    line = timeline(source(), model, windows=[Window(1, 0, 10, tuple(scores.tolist()))])
    assert shown_classes(line) == list(range(20, 30))
    assert legend_of(line, shown_classes(line))[1] == [*(f'c{i}' for i in range(20, 30)), '33 other classes']
    grey = (panel_pixels(line, 1)[:, 250] == rgb(OTHERS)).all(axis=1)
    assert grey[:38].all() and not grey[42:].any()


def test_a_missing_modality_is_hatched():
    model = classifier(('a', 'b'))
    made = [Window(1, 0, 5, (1.0, 0.0)), Window(1, 5, 10, (1.0, 0.0), ('audio',))]
    pixels = panel_pixels(timeline(source(), model, windows=made), 1)
    plain = (pixels == rgb(COLOURS[0])).all(axis=2)
    assert plain[:, 5:245].all() and 0.2 < plain[:, 255:495].mean() < 0.97


def test_curves_break_at_gaps():
    made = [Window(None, start, start + 1, (0.5, -0.5)) for start in (0, 1, 7, 8)]
    pixels = panel_pixels(timeline(source(), regressor(), windows=made), None)
    drawn = ((pixels == rgb(COLOURS[0])).all(axis=2)).any(axis=0)
    assert drawn[50] and not drawn[150:330].any() and drawn[400]


def test_log_mel_of_parts_is_that_of_the_whole(monkeypatch):
    rng = np.random.default_rng(0)
    samples = (rng.normal(size=16000 * 7) * 0.1).astype(np.float32)
    samples[: 16000 * 3] *= 0.01
    monkeypatch.setattr('mmavf.visualization.long_mel.SPAN_SEC', 1.0)
    mel = long_mel(ArraySound(samples, 16000), 0.0, 7.0, max_columns=70)
    padded = torch.from_numpy(np.pad(samples, 120))  # 7.5 ms, so that frame n has its centre at 5 + 10 n ms
    options = dict(num_mel_bins=NUM_BINS, window_type='hanning', dither=0.0, sample_frequency=16000)
    whole = kaldi.fbank(padded[None], **options).numpy()
    expected = whole.reshape(70, 10, NUM_BINS).mean(axis=1).T  # (700, bins) -> (bins, 70)
    np.testing.assert_allclose(mel, expected, atol=2e-3)


def test_log_mel_is_empty_where_there_is_no_sound():
    mel = long_mel(ArraySound(tone(2.0, 0.5), 16000, start_sec=1.0), 0.0, 4.0, max_columns=400)
    assert mel.shape == (NUM_BINS, 400)
    assert np.isnan(mel[:, :100]).all() and np.isnan(mel[:, 300:]).all() and not np.isnan(mel[:, 100:300]).any()
    loud = np.flatnonzero(np.nan_to_num(mel, nan=-99).max(axis=0) > 0)
    assert loud[0] == pytest.approx(150, abs=2)


def test_the_strip_shows_the_frames_in_the_middle_of_equal_parts():
    frames = ArrayFrames(counted_frames(100), np.arange(100) * 0.1)
    strip = small_frames(timeline(source(end_sec=10.0), classifier()), frames, number=5)
    assert [frame_index(frame.pixels) for frame in strip] == [10, 30, 50, 70, 90]
    assert [frame.centre_sec for frame in strip] == pytest.approx([1, 3, 5, 7, 9])


def test_the_strip_is_empty_where_there_is_no_video():
    frames = ArrayFrames(counted_frames(20), np.arange(20) * 0.1)
    strip = small_frames(timeline(source(end_sec=10.0), classifier()), frames, number=5)
    assert [frame.centre_sec for frame in strip] == [1.0]


def test_a_square_is_drawn_around_what_the_model_sees():
    track = Track(1, 1.0, 3.0, (1.0, 2.0), ((100.0, 90.0, 60.0, 0.0), (140.0, 110.0, 80.0, 20.0)))
    assert place_at(track, 1.5).tolist() == [120.0, 100.0, 70.0, 10.0]
    assert place_at(track, 2.5).tolist() == [140.0, 110.0, 80.0, 20.0]
    assert place_at(track, 0.99) is None and place_at(track, 3.0) is None
    place = place_at(track, 2.0)
    frame = np.zeros((240, 320, 3), np.uint8)
    cv2.fillConvexPoly(frame, (corners(place) - 0.5).round().astype(np.int32), (255, 255, 255))
    assert (frame[..., 0] > 0).sum() == pytest.approx(80 * 80, rel=0.04)
    assert (crop_square(frame, place, 80) > 127).mean() > 0.97


@pytest.mark.parametrize('model', [classifier(), regressor()], ids=['classes', 'dimensions'])
def test_a_picture_of_everything(tmp_path, model, monkeypatch):
    captions = []
    caption = timeline_picture._caption
    monkeypatch.setattr(timeline_picture, '_caption', lambda *args: captions.append(caption(*args)) or captions[-1])
    tracks = [face(number, number, number + 3 + number / 10) for number in range(1, 9)]
    rows = [w for t in tracks for w in windows(model, t.number, t.start_sec, t.end_sec, hop_sec=0.3, missing=['audio'])]
    line = timeline(source('a $x$ 表.mp4'), model, tracks, rows, ('A note.',))
    frames = ArrayFrames(counted_frames(50), np.arange(50) * 0.2)
    draw_timeline(line, tmp_path / 'a.png', frames, ArraySound(tone(10.0), 16000))
    assert captions[0].split('\n')[1:] == [
        'The 6 longest tracks; 2 shorter ones are not drawn.',
        'Hatched: windows without sound; the model got mean tokens in place of it.',
        'A note.',
    ]
    pixels = np.array(Image.open(tmp_path / 'a.png').convert('RGB'))
    assert pixels.shape[1] == 1400 and (pixels == rgb(COLOURS[0])).all(axis=2).any()
    assert [path.name for path in tmp_path.iterdir()] == ['a.png']


def test_a_recording_without_windows_or_readers_has_a_picture(tmp_path):
    draw_timeline(timeline(source(end_sec=0.0), classifier(), notes=('Too short.',)), tmp_path / 'a.png', None, None)
    assert np.array(Image.open(tmp_path / 'a.png').convert('L')).min() < 50


def test_times_of_long_recordings():
    assert [clock(t) for t in (0, 59.6, 61, 3599, 3600, 7325)] == [
        '0:00',
        '1:00',
        '1:01',
        '59:59',
        '1:00:00',
        '2:02:05',
    ]
