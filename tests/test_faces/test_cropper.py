"""Following a face through a clip, where parts begin and end, and what crops show."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmavf.datasets.media import ArrayFrames
from mmavf.errors import ClipError, ConfigError
from mmavf.faces import Face, FaceCropper, follow_one_face
from mmavf.preparation import RawClip
from mmavf.preparation.frames import RawFrames
from tests.helpers.faces import PlannedDetector, drawn_face, scene
from tests.helpers.media import write_media

GREY = np.full((60, 80, 3), 128, np.uint8)


def face(x, y=10.0, side=20.0, eyes=None):
    return Face((x, y, side, side), 1.0, eyes)


def locate(plan, frames=None, fps=25, **settings):
    """Locate one face, with the faces `plan[i]` in frame i; pictures are grey where none are given."""
    frames = frames if frames is not None else np.broadcast_to(GREY, (len(plan), *GREY.shape))
    choice = {key: settings.pop(key) for key in ('choose', 'max_missing') if key in settings}
    some = FaceCropper(dict(type=PlannedDetector, plan=plan), **settings)
    return follow_one_face(some, in_memory(frames, fps), 'clip', **choice)


def in_memory(frames, fps=25):
    return ArrayFrames(frames, np.arange(len(frames)) / fps)


def ranges(located):
    assert all(len(part.places) == part.last - part.first + 1 for part in located.parts)
    return [(part.first, part.last) for part in located.parts]


def test_a_face_is_followed_through_the_whole_clip():
    x = 30 + 10 * np.sin(np.arange(78) / 20)
    located = locate([[face(value)] for value in x], margin=0.5)
    assert ranges(located) == [(0, 77)]
    assert (located.faces_seen, located.missing) == (1, 0.0)
    places = located.parts[0].places
    np.testing.assert_allclose(places[:, 0], x + 10, atol=2)
    np.testing.assert_allclose(places[:, 1:], np.tile([20.0, 30.0, 0.0], (78, 1)))


def test_the_last_frame_is_looked_at():
    asked = []

    class Noting(PlannedDetector):
        def detect(self, frame, clip_id, frame_index):
            asked.append((clip_id, frame_index))
            return [face(10)]

    frames = in_memory(np.broadcast_to(GREY, (13, *GREY.shape)))
    FaceCropper(dict(type=Noting, plan=[])).locate(frames, 'abc')
    assert asked == [('abc', 0), ('abc', 5), ('abc', 10), ('abc', 12)]


def test_a_gap_is_bridged_and_counted():
    plan = [[face(10 + 0.1 * i)] if not 25 <= i < 45 else [] for i in range(101)]
    located = locate(plan)
    assert ranges(located) == [(0, 100)]
    assert located.missing == pytest.approx(4 / 21)
    np.testing.assert_allclose(located.parts[0].places[30:40, 0], 20 + 0.1 * np.arange(30, 40), atol=0.1)


@pytest.mark.parametrize(('without', 'share'), [(range(0, 60), '57%'), (range(0, 101), '100%')])
def test_too_many_frames_without_the_face_are_refused(without, share):
    plan = [[] if i in without else [face(10)] for i in range(101)]
    with pytest.raises(ClipError, match=f'^clip: no face in {share} of the sampled frames$'):
        locate(plan)


def test_where_the_face_leaves_its_part_remains():
    located = locate([[face(10)] if i <= 70 else [] for i in range(150)], max_missing=0.6)
    assert ranges(located) == [(0, 70)]
    assert located.missing == pytest.approx(16 / 31)


def test_ends_without_the_face_are_kept_where_they_are_short():
    located = locate([[face(10)] if 20 <= i <= 80 else [] for i in range(101)])
    assert ranges(located) == [(0, 100)]
    np.testing.assert_allclose(located.parts[0].places, np.tile([20.0, 20.0, 26.0, 0.0], (101, 1)))


def test_a_jump_ends_a_part():
    located = locate([[face(0 if i < 52 else 50)] for i in range(101)])
    assert ranges(located) == [(0, 50), (55, 100)]
    assert [part.places[0, 0] for part in located.parts] == pytest.approx([10.0, 60.0])


def test_parts_on_both_sides_of_an_early_jump_do_not_run_into_each_other():
    assert ranges(locate([[face(0 if i < 12 else 50)] for i in range(28)])) == [(0, 10), (15, 27)]


def test_a_shot_change_ends_a_part_though_the_face_stays():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    shots = [cv2.resize(picture, (80, 60), interpolation=cv2.INTER_NEAREST) for picture in pictures]
    frames = np.stack([shots[i >= 47] for i in range(101)])
    assert ranges(locate([[face(20)]] * 101, frames)) == [(0, 45), (50, 100)]
    dimmed = np.stack([shots[0] if i < 47 else shots[0] // 4 * 3 for i in range(101)])
    assert ranges(locate([[face(20)]] * 101, dimmed)) == [(0, 100)]


def test_an_end_is_not_held_across_a_shot_change():
    frames = np.stack([np.full((60, 80, 3), 30 if i < 40 else 200, np.uint8) for i in range(101)])
    plan = [[face(20)] if i < 32 or i >= 52 else [] for i in range(101)]
    assert ranges(locate(plan, frames)) == [(0, 35), (40, 100)]


def test_of_two_faces_one_is_followed():
    size, middle = [face(0, side=24)], [face(30, y=20)]
    plan = [size + middle for _ in range(51)]
    largest, central = locate(plan), locate(plan, choose='central')
    assert largest.faces_seen == central.faces_seen == 2
    assert largest.parts[0].places[0, 0] == pytest.approx(12)
    assert central.parts[0].places[0, 0] == pytest.approx(40)


def test_all_faces_are_located():
    plan = [[face(0, side=24), face(30, y=20)] if 20 <= i < 60 else [face(0, side=24)] for i in range(101)]
    some = FaceCropper(dict(type=PlannedDetector, plan=plan), min_sec=1.0, max_gap_sec=0.3)
    located = some.locate(in_memory(np.broadcast_to(GREY, (101, *GREY.shape))), 'clip')
    assert [track.looks for track in located.tracks] == [list(range(21)), list(range(4, 12))]
    first, second = some.parts(located)
    assert (first.first, first.last, first.sightings) == (0, 100, 21)
    assert (second.first, second.last, second.sightings) == (20, 55, 8)
    np.testing.assert_allclose(second.places, np.tile([40.0, 30.0, 26.0, 0.0], (36, 1)))
    (alone,) = some.parts(located, located.tracks[1:])
    assert (alone.first, alone.last) == (20, 55)
    brief = FaceCropper(dict(type=PlannedDetector, plan=plan), min_sec=2.0, max_gap_sec=0.3)
    assert [part.first for part in brief.parts(located)] == [0]


def test_a_detector_of_ones_own_without_a_member_is_refused_by_name():
    class Half:
        tight = True

        def __init__(self, eyes=False):
            pass

    with pytest.raises(
        ConfigError, match=r'^detector: Half has no detect; see the contract mmavf\.faces\.detector\.FaceDetector$'
    ):
        FaceCropper(dict(type=Half))


def test_false_alarms_and_short_parts_do_not_count():
    alarm = [[face(20)] if i < 80 else [] for i in range(101)]
    alarm[90] = [face(50)]  # seen once
    assert ranges(locate(alarm)) == [(0, 100)]
    assert locate(alarm).faces_seen == 1
    brief = [[face(20 if i < 80 else 50)] for i in range(101)]
    assert ranges(locate(brief)) == [(0, 75), (80, 100)]
    assert ranges(locate(brief, min_sec=0.83)) == [(0, 75), (80, 100)]  # 21 frames of 0.04 s
    assert ranges(locate(brief, min_sec=1.0)) == [(0, 75)]
    with pytest.raises(ClipError, match='in 100% of the sampled frames, not counting parts shorter than 3.5 s'):
        locate(brief, min_sec=3.5)


@pytest.mark.parametrize('count', [1, 2, 12])
def test_a_clip_may_be_shorter_than_the_shortest_part(count):
    assert ranges(locate([[face(20)]] * count, min_sec=2.0)) == [(0, count - 1)]


def test_few_frames_per_second_are_linked():
    assert ranges(locate([[face(20)]] * 40, fps=3)) == [(0, 39)]


def test_no_detector_takes_the_middle_without_a_margin():
    frames = np.random.default_rng(0).integers(0, 256, (12, 60, 80, 3), dtype=np.uint8)  # each frame another shot
    cropper = FaceCropper(dict(type='NoDetector'), size=60)
    (part,) = cropper.parts(cropper.locate(in_memory(frames), 'clip'))
    assert (part.first, part.last) == (0, 11)
    for frame, place in zip(frames, part.places, strict=True):
        np.testing.assert_array_equal(cropper.crop(frame, place), frame[:, 10:70])


def cropper(size):
    return FaceCropper(dict(type='NoDetector'), size=size)


@pytest.mark.parametrize(
    'place', [(40.0, 30.0, 16, 0), (41.3, 27.8, 22.5, 0), (40.2, 30.7, 20.0, 25), (38, 31, 9, -70)]
)
def test_a_crop_samples_the_turned_square(place):
    """Both channels rise linearly over the picture, so that a crop tells where each of its pixels comes from."""
    rows, columns = np.mgrid[:60, :80]
    frame = np.stack([3 * columns, 4 * rows, 0 * rows], axis=-1).astype(np.uint8)
    crop = cropper(size := 24).crop(frame, np.array(place)).astype(float)
    x, y, side, angle = place
    along = (np.arange(size) + 0.5) * side / size - side / 2  # from the square's middle
    turn = np.radians(angle)
    expected_x = x + along[None] * np.cos(turn) - along[:, None] * np.sin(turn) - 0.5
    expected_y = y + along[None] * np.sin(turn) + along[:, None] * np.cos(turn) - 0.5
    np.testing.assert_allclose(crop[..., 0], 3 * expected_x, atol=0.8)
    np.testing.assert_allclose(crop[..., 1], 4 * expected_y, atol=0.8)


def test_a_crop_averages_where_it_shrinks():
    frame = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    crop = cropper(16).crop(frame, np.array([60.0, 64.0, 96.0, 0.0]))
    square = frame[16:112, 12:108].astype(float)
    np.testing.assert_allclose(crop, square.reshape(16, 6, 16, 6, 3).mean((1, 3)), atol=0.51)


def test_beyond_the_border_a_crop_repeats_the_outermost_pixels():
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[:, 0], frame[0] = (200, 0, 0), (0, 200, 0)
    crop = cropper(20).crop(frame, np.array([0.0, 10.0, 20.0, 0.0]))
    np.testing.assert_array_equal(crop[1:, :11], np.broadcast_to([200, 0, 0], (19, 11, 3)))
    assert not crop[1:, 11:].any()
    np.testing.assert_array_equal(crop[0], np.broadcast_to([0, 200, 0], (20, 3)))


@pytest.mark.parametrize('tilt', [-20, 15])
def test_eyes_are_level_where_that_is_asked(tilt):
    left, right = (40 - 8 * np.cos(np.radians(tilt)), 30 - 8 * np.sin(np.radians(tilt))), None
    right = (80 - left[0], 60 - left[1])
    frame = np.zeros((60, 80, 3), np.uint8)
    for x, y in (left, right):
        cv2.circle(frame, (round(x * 16), round(y * 16)), 40, (255, 255, 255), -1, cv2.LINE_AA, 4)
    plan = [[face(25, 15, 30, (left, right))]] * 6
    frames = np.stack([frame] * 6)
    for align in (True, False):
        detector = dict(type=PlannedDetector, plan=plan)
        some = FaceCropper(detector, margin=0.0, size=60, align_eyes=align)
        (part,) = some.parts(some.locate(in_memory(frames), 'clip'))
        crop = some.crop(frame, part.places[0])[..., 0]
        heights = [np.average(np.arange(60), weights=half.sum(1)) for half in (crop[:, :30], crop[:, 30:])]
        assert (abs(heights[0] - heights[1]) < 1) == align


def test_a_drawn_face_that_moves_stays_in_the_middle(tmp_path):
    portrait = drawn_face()
    x = np.linspace(10, 140, 40).round().astype(int)
    write_media(tmp_path / 'a.mp4', np.stack([scene(portrait, column, 40) for column in x]), None)
    frames = RawFrames(tmp_path, RawClip(id='a', video='a.mp4'))
    some = FaceCropper(dict(type='CascadeDetector'), size=96)
    (part,) = follow_one_face(some, frames, 'a').parts
    assert (part.first, part.last) == (0, 39)
    offsets = part.places[:, 0] - x  # of the face within its portrait
    assert np.ptp(offsets[5:-5]) < 8
    pictures = list(frames.iter_frames(range(40)))
    crops = np.stack([some.crop(picture, place) for picture, place in zip(pictures, part.places, strict=True)])
    assert crops.shape == (40, 96, 96, 3)
    middle = crops[5:-5, 24:72, 24:72].astype(float)
    still = np.abs(middle - middle.mean(0)).mean()
    whole = np.stack(pictures)[5:-5, 80:176, 112:208].astype(float)
    assert still < 0.5 * np.abs(whole - whole.mean(0)).mean()


@pytest.mark.parametrize(
    ('settings', 'reason'),
    [
        (dict(every=0), 'every=0'),
        (dict(min_sec=-1.0), r'min_sec=-1\.0'),
        (dict(detector=dict(type='NoDetector'), align_eyes=True), 'finds no eyes'),
    ],
)
def test_impossible_settings_are_refused(settings, reason):
    with pytest.raises(ConfigError, match=reason):
        FaceCropper(**{'detector': dict(type='CascadeDetector'), **settings})


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_real_faces_from_mmavf_media_are_found_and_missed_as_they_should():
    root, some = Path(os.environ['MMAVF_MEDIA']), FaceCropper(dict(type='CascadeDetector'))

    def of(name, **settings):
        frames = RawFrames(root, RawClip(id='a', video=name))
        return follow_one_face(some, frames, 'a', **settings)

    for path in sorted((root / 'grid').glob('*.mpg')):
        located = of(f'grid/{path.name}')
        assert ranges(located) == [(0, 74)]
        assert (located.missing, located.faces_seen) == (0, 1)
        assert np.abs(np.diff(located.parts[0].places[:, :3], 2, axis=0)).max() < 0.2  # pixels: nothing trembles
    for name in ('pyfeat_no_face.mp4', 'torchcodec_nasa_13013.mp4', 'torchcodec_nasa_13013_rotated.mp4'):
        with pytest.raises(ClipError, match='no face in .*% of the sampled frames'):
            of(f'misc/{name}')
    with pytest.raises(ClipError, match='no face in 57% of the sampled frames'):
        of('misc/pyfeat_face_noface.mov')
    assert ranges(of('misc/pyfeat_face_noface.mov', max_missing=0.6)) == [(0, 70)]
