import numpy as np
import pytest

from mmavf.timeline import Timeline, Window, describe, runs_of, spans_of
from tests.helpers.timelines import classifier, regressor, source, timeline

MODEL = classifier(('a', 'b'))


def made(*rows, model=MODEL):
    """A timeline of windows (start, end, scores...) of one face."""
    return timeline(source(), model, windows=[Window(1, start, end, tuple(scores)) for start, end, *scores in rows])


def nearest_at(line: Timeline, time):
    """The window that reaches over a time and whose centre is nearest, found by looking at all."""
    over = [w for w in line.windows if w.start_sec <= time < w.end_sec]
    return min(over, key=lambda w: abs((w.start_sec + w.end_sec) / 2 - time), default=None)


@pytest.mark.parametrize(
    'bounds',
    [
        [(0, 2.56), (1.28, 3.84), (2.56, 5.12), (2.9, 5.46)],  # the last one moved to the end
        [(0.5, 1.5), (1.5, 2.5), (4, 5)],  # side by side, then a gap
        [(0, 4), (3.5, 4.5), (4.4, 9)],  # of different lengths
        [(1, 2)],
        [],
    ],
)
def test_each_instant_shows_the_window_with_the_nearest_centre(bounds):
    line = made(*((start, end, 0.5, 0.5) for start, end in bounds))
    spans = spans_of(line, 1)
    for time in np.arange(-0.5, 10, 0.0137):
        shown = [span.window for span in spans if span.start_sec <= time < span.end_sec]
        nearest = nearest_at(line, time)
        assert shown == ([] if nearest is None else [nearest]), time


def test_a_run_joins_equal_labels_and_weighs_their_scores_by_time():
    line = made((0, 2, 0.8, 0.2), (1, 3, 0.6, 0.4), (2, 4, 0.1, 0.9), (6, 8, 0.2, 0.8))
    runs = runs_of(line, 1)
    assert [(run.start_sec, run.end_sec) for run in runs] == [(0, 2.5), (2.5, 4), (6, 8)]
    assert runs[0].scores == pytest.approx(((0.8 * 1.5 + 0.6 * 1.0) / 2.5, (0.2 * 1.5 + 0.4 * 1.0) / 2.5))
    assert describe(line, runs[0]) == 'a 72 %'
    assert describe(line, runs[1]) == 'b 90 %'


def test_a_missing_modality_ends_a_run_and_is_named():
    windows = [Window(1, 0, 2, (0.9, 0.1)), Window(1, 2, 4, (0.7, 0.3), ('audio',))]
    line = timeline(source(), MODEL, windows=windows)
    assert [describe(line, run) for run in runs_of(line, 1)] == ['a 90 %', 'a 70 % (without sound)']


def test_each_window_of_a_regression_is_a_run():
    line = made((0, 2, 0.25, -0.5), (2, 4, 0.25, -0.5), model=regressor())
    assert [describe(line, run) for run in runs_of(line, 1)] == ['valence 0.25, arousal -0.50'] * 2
