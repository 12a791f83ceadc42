"""Linking of sightings, choice of tracks, and smooth paths along them."""

import numpy as np
import pytest

from mmavf.errors import ConfigError
from mmavf.faces import Face, choose_tracks
from mmavf.faces.face_path import face_path
from mmavf.faces.face_track import FaceTrack, link_faces, max_concurrent, overlap


def face(x, y=0.0, side=40.0, eyes=None):
    return Face((x, y, side, side), 1.0, eyes)


def track(looks, x=0.0, side=40.0):
    return FaceTrack(list(looks), [face(x, side=side) for _ in looks])


def test_overlap_against_counted_pixels():
    rng = np.random.default_rng(0)
    for _ in range(50):
        boxes = [(*rng.integers(0, 20, 2), *rng.integers(1, 20, 2)) for _ in range(2)]
        masks = np.zeros((2, 40, 40), bool)
        for mask, (x, y, w, h) in zip(masks, boxes, strict=True):
            mask[y : y + h, x : x + w] = True
        assert overlap(*boxes) == pytest.approx((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def test_two_faces_that_pass_in_any_order_stay_two_tracks():
    seen = [[face(5.0 * i), face(300 - 5.0 * i)][:: (-1) ** i] for i in range(10)]
    tracks = link_faces(seen, np.arange(10) * 0.2, set(), 1.0)
    assert [t.looks for t in tracks] == [list(range(10))] * 2
    np.testing.assert_allclose(tracks[0].boxes[:, 0], 5.0 * np.arange(10))
    np.testing.assert_allclose(tracks[1].boxes[:, 0], 300 - 5.0 * np.arange(10))


def test_the_closest_pair_is_linked_first():
    # the first face of look 1 overlaps both; it belongs to the second
    tracks = link_faces([[face(0), face(25)], [face(20), face(2)]], np.array([0, 0.2]), set(), 1.0)
    assert [[f.box[0] for f in t.faces] for t in tracks] == [[0, 2], [25, 20]]


@pytest.mark.parametrize(
    ('seen_at', 'cuts', 'runs'),
    [
        ([0, 1, 2, 5, 6], set(), [[0, 1, 2, 5, 6]]),  # 0.6 s without it are bridged
        ([0, 1, 2, 9], set(), [[0, 1, 2], [9]]),  # 1.4 s are not
        ([0, 1, 2, 3], {2}, [[0, 1], [2, 3]]),
        ([0, 1, 4, 5], {3}, [[0, 1], [4, 5]]),  # the shot changes while it is lost
    ],
)
def test_where_tracks_end(seen_at, cuts, runs):
    seen = [[face(10)] if look in seen_at else [] for look in range(10)]
    assert [t.looks for t in link_faces(seen, np.arange(10) * 0.2, cuts, 1.0)] == runs


def test_a_jump_and_a_sudden_change_of_size_end_a_track():
    seen = [[face(0)], [face(0)], [face(100)], [face(100)], [face(80, side=80)]]
    assert [t.looks for t in link_faces(seen, np.arange(5) * 0.2, set(), 1.0)] == [[0, 1], [2, 3], [4]]


def test_looks_far_apart_are_linked_all_the_same():
    assert len(link_faces([[face(0)], [face(3)], [face(6)]], np.array([0.0, 5.0, 10.0]), set(), 1.0)) == 1


def test_max_concurrent():
    assert max_concurrent([]) == 0
    assert max_concurrent([track([0, 4]), track([5, 6]), track([7, 9])]) == 1
    assert max_concurrent([track([0, 4]), track([4, 6]), track([1, 9]), track([7, 8])]) == 3


def test_choice_by_size_and_by_place():
    size = (400, 40)
    large, middle = track(range(6), x=0, side=60), track(range(6), x=180)
    assert choose_tracks([middle, large], 'largest', size) == [large]
    assert choose_tracks([middle, large], 'central', size) == [middle]
    brief = track([2], x=180, side=90)  # larger, but seen once
    assert choose_tracks([middle, brief], 'largest', size) == [middle]


def test_an_unknown_criterion_is_refused():
    with pytest.raises(ConfigError, match="choose must be one of largest, central, not 'loudest'"):
        choose_tracks([], 'loudest', (400, 40))


def test_a_second_face_fills_the_time_in_which_the_first_is_gone():
    first, during, after = track(range(5), side=60), track(range(3, 9)), track(range(6, 9), side=50)
    assert choose_tracks([during, after, first], 'largest', (400, 300)) == [first, after]


def test_a_path_keeps_a_straight_movement_and_scales_by_the_margin():
    looks, times = np.arange(0, 51, 5), np.arange(51) / 25
    moving = FaceTrack(list(range(11)), [Face((4.0 * look, 100.0, 30.0, 40.0), 1.0) for look in looks])
    path = face_path(moving, times[looks], times, margin=0.5, smooth_sec=0.1)
    inner = slice(10, 41)  # the Gaussian of 2.5 frames does not reach the ends from here
    np.testing.assert_allclose(path[inner, 0], 4.0 * np.arange(51)[inner] + 15, atol=0.01)
    np.testing.assert_allclose(path[:, 1:], np.tile([120.0, 60.0, 0.0], (51, 1)))


def test_a_path_without_smoothing_is_what_was_seen():
    looks, times = np.arange(0, 51, 5), np.arange(51) / 25
    moving = FaceTrack(list(range(11)), [Face((4.0 * look, 100.0, 30.0, 40.0), 1.0) for look in looks])
    path = face_path(moving, times[looks], times, margin=0.5, smooth_sec=0.0)
    np.testing.assert_allclose(path[5:-5, 0], 4.0 * np.arange(51)[5:-5] + 15)


def test_a_path_does_not_tremble_and_forgets_a_single_wrong_box():
    rng = np.random.default_rng(0)
    looks, times = np.arange(0, 101, 5), np.arange(101) / 25
    true_x = 100 + 20 * np.sin(times)  # (101,)
    boxes = [(true_x[i] + rng.normal(0, 2), 50.0, 40.0, 40.0) for i in looks]
    boxes[8] = (boxes[8][0] - 20, 30.0, 80.0, 80.0)
    path = face_path(FaceTrack(list(range(21)), [Face(box, 1.0) for box in boxes]), times[looks], times, 0.0, 0.3)
    assert np.abs(path[:, 0] - true_x - 20).max() < 5
    np.testing.assert_allclose(path[:, 2], 40.0)
    raw = np.interp(times, times[looks], [box[0] for box in boxes])
    assert np.abs(np.diff(path[:, 0], 2)).max() < 0.1 * np.abs(np.diff(raw, 2)).max()


def test_a_path_is_held_where_the_face_was_not_seen_and_turned_by_the_eyes():
    eyes = ((10.0, 20.0), (30.0, 40.0))  # falls to the right by 45 degrees
    seen = FaceTrack([2, 3, 4], [face(10), face(10, eyes=eyes), face(10)])
    path = face_path(seen, np.arange(6) / 5, np.arange(26) / 25, 0.0, 0.3)
    np.testing.assert_allclose(path, np.tile([30.0, 20.0, 40.0, 45.0], (26, 1)))
    single = face_path(seen, np.arange(6) / 5, np.array([0.4]), 0.0, 0.3)
    np.testing.assert_allclose(single, [[30.0, 20.0, 40.0, 45.0]])
