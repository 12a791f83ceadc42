"""What the player's script gets of a timeline."""

import json
from dataclasses import replace

import pytest

from mmavf.page.view import view_of
from tests.helpers.timelines import classifier, face, regressor, source, timeline, windows


def test_tracks_have_spans_without_overlap_and_squares():
    model = classifier()
    made = [*windows(model, 1, 0.0, 6.0), *windows(model, 2, 4.0, 10.0, missing=('audio',))]
    line = timeline(source(), model, (face(1, 0.0, 6.0), face(2, 4.0, 10.0)), made)
    view = json.loads(json.dumps(view_of(line)))
    assert [track['name'] for track in view['tracks']] == ['face 1', 'face 2']
    for track, line_track in zip(view['tracks'], line.tracks, strict=True):
        spans = track['spans']
        assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
        assert spans[0][0] == line_track.start_sec and all(sum(span[2]) == pytest.approx(1) for span in spans)
        assert track['face']['squares'] == [list(place) for place in line_track.places]
    assert view['tracks'][0]['spans'][0][3] == [] and view['tracks'][1]['spans'][0][3] == ['audio']
    assert view['tracks'][0]['answer'].startswith(line.label(line.answers[0]))
    assert len(view['colours']) == len(view['names']) and view['range'] == [0, 1]


def test_where_no_face_was_looked_for_no_square_is_drawn():
    model = classifier()
    line = timeline(source(), model, (face(1, 0.0, 6.0),), windows(model, 1, 0.0, 6.0))
    whole = replace(line, settings=line.settings | dict(detector=None))
    assert view_of(line)['tracks'][0]['face'] is not None and view_of(whole)['tracks'][0]['face'] is None


def test_values_have_an_axis_around_zero():
    model = regressor()
    made = windows(model, None, 0.0, 6.0)
    view = view_of(timeline(source(video=False), model, (), made))
    assert view['range'] == (-1.0, 1.0) and view['size'] is None and view['tracks'][0]['name'] == 'sound'
    wide = [type(window)(None, window.start_sec, window.end_sec, (3.0, -4.0)) for window in made]
    assert view_of(timeline(source(video=False), model, (), wide))['range'] == (-4.0, 4.0)


def test_of_many_classes_the_frequent_ones_have_colours_of_their_own():
    model = classifier([f'class {i}' for i in range(30)])
    view = view_of(timeline(source(), model, (face(1, 0.0, 6.0),), windows(model, 1, 0.0, 6.0)))
    assert len(view['colours']) == 30 and len(set(view['colours'])) == 11


def test_without_windows_nothing_is_drawn():
    assert view_of(timeline(source(), classifier()))['tracks'] == []
