"""Face detectors: what they find in drawn pictures and read from files, and how they refuse bad files."""

import numpy as np
import pytest

from mmavf.errors import ClipError, ConfigError
from mmavf.faces import BoxFileDetector, CascadeDetector, NoDetector, YuNetDetector
from mmavf.faces.detector import shrink
from mmavf.registry import FACE_DETECTORS
from tests.helpers.faces import drawn_face, scene

PICTURE = np.zeros((90, 160, 3), np.uint8)


def center(face):
    x, y, width, height = face.box
    return x + width / 2, y + height / 2


def test_the_cascade_finds_a_drawn_face_wherever_it_is():
    portrait, detector = drawn_face(), CascadeDetector()
    (alone,) = detector.detect(portrait, 'a', 0)
    for x, y in ((0, 0), (160, 80), (90, 35)):
        (face,) = detector.detect(scene(portrait, x, y), 'a', 0)
        np.testing.assert_allclose(np.subtract(center(face), (x, y)), center(alone), atol=6)


def test_the_cascade_finds_level_eyes_where_asked_to():
    portrait = drawn_face(size=320)
    (face,) = CascadeDetector(eyes=True).detect(portrait, 'a', 0)
    (x1, y1), (x2, y2) = face.eyes
    assert x1 < center(face)[0] < x2
    assert x2 - x1 == pytest.approx(0.4 * face.box[2], rel=0.2)
    assert y1 == pytest.approx(y2, abs=8)
    assert face.box[1] < y1 < center(face)[1]
    assert CascadeDetector().detect(portrait, 'a', 0)[0].eyes is None


def test_the_cascade_answers_in_pixels_of_a_picture_that_it_shrinks():
    portrait, detector = drawn_face(size=240), CascadeDetector(eyes=True, long_edge=240)
    (small,) = detector.detect(portrait, 'a', 0)
    (large,) = detector.detect(portrait.repeat(3, 0).repeat(3, 1), 'a', 0)
    np.testing.assert_allclose(large.box, 3 * np.array(small.box))
    np.testing.assert_allclose(large.eyes, 3 * np.array(small.eyes))
    assert large.score == small.score


def test_the_cascade_finds_nothing_where_there_is_no_face():
    nothing = [np.full((120, 160, 3), 128, np.uint8), scene(np.zeros((1, 1, 3), np.uint8), 0, 0)]
    assert [CascadeDetector().detect(picture, 'a', 0) for picture in nothing] == [[], []]
    tiny = np.zeros((8, 8, 3), np.uint8)
    assert CascadeDetector().detect(tiny, 'a', 0) == []


def test_faces_below_the_least_share_are_left():
    picture = scene(drawn_face(size=96), 100, 60, 480, 640)
    assert CascadeDetector(long_edge=640, min_share=0.3).detect(picture, 'a', 0) == []
    assert len(CascadeDetector(long_edge=640, min_share=0.05).detect(picture, 'a', 0)) == 1


def test_shrinking_keeps_small_pictures_as_they_are():
    assert shrink(PICTURE, 160)[1] == 1.0
    picture, factor = shrink(PICTURE, 40)
    assert (picture.shape, factor) == ((22, 40, 3), 4.0)


def test_no_detector_takes_the_middle():
    assert NoDetector().detect(PICTURE, 'a', 0)[0].box == (35, 0, 90, 90)
    assert NoDetector().detect(PICTURE.transpose(1, 0, 2), 'a', 0)[0].box == (0, 35, 90, 90)
    with pytest.raises(ConfigError, match='finds no eyes'):
        NoDetector(eyes=True)


def test_boxes_from_one_file(tmp_path):
    path = tmp_path / 'boxes.csv'
    path.write_text('frame,id,x,y,w,h,extra\n0,007,1,2,30.5,40,z\n5,007,2,2,30,40,z\n5,007,90,2,9,9,z\n0,b,3,3,8,8,z\n')
    detector = FACE_DETECTORS.build(dict(type='BoxFileDetector', path=str(path)))
    assert [face.box for face in detector.detect(PICTURE, '007', 0)] == [(1, 2, 30.5, 40)]
    assert [face.box for face in detector.detect(PICTURE, 'b', 0)] == [(3, 3, 8, 8)]
    assert [face.box for face in detector.detect(PICTURE, '007', 5)] == [(2, 2, 30, 40), (90, 2, 9, 9)]
    assert detector.detect(PICTURE, '007', 1) == []
    with pytest.raises(ClipError, match=r'^7: boxes\.csv has no box of this clip'):
        detector.detect(PICTURE, '7', 0)
    with pytest.raises(ConfigError, match='without eyes'):
        BoxFileDetector(str(path), eyes=True)


def write_openface(path, rows):
    header = ['frame', ' face_id', ' timestamp', ' confidence', ' success']
    header += [f' {axis}_{i}' for axis in 'xy' for i in range(68)]
    lines = [', '.join(map(str, row)) for row in rows]
    path.write_text('\n'.join([','.join(header), *lines]) + '\n')


def test_boxes_around_the_landmarks_of_openface(tmp_path):
    x, y = np.arange(68.0), np.arange(68.0)[::-1] + 100
    write_openface(
        tmp_path / 'a.csv',
        [(1, 0, 0.0, 0.98, 1, *x, *y), (2, 0, 0.04, 0.1, 0, *x, *y), (3, 0, 0.08, 0.9, 1, *(x + 7), *(y * 2))],
    )
    detector = BoxFileDetector(str(tmp_path), eyes=True)
    (face,) = detector.detect(PICTURE, 'a', 0)
    assert face.box == (0, 100, 67, 67)
    assert face.score == 0.98
    assert face.eyes == ((38.5, 167 - 38.5), (44.5, 167 - 44.5))  # points 36 to 41, and 42 to 47
    assert detector.detect(PICTURE, 'a', 1) == []  # no success
    assert detector.detect(PICTURE, 'a', 2)[0].box == (7, 200, 67, 134)
    with pytest.raises(ClipError, match='^b: .* has no csv of this clip'):
        detector.detect(PICTURE, 'b', 0)
    (tmp_path / 'c.csv').write_text('frame,confidence,success\n1,1,1\n')
    with pytest.raises(ClipError, match='^c: csv of OpenFace: there is no column x_0, x_1'):
        detector.detect(PICTURE, 'c', 0)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        (None, 'cannot be read as csv'),
        ('', 'cannot be read as csv'),
        ('id,frame,x,y\na,0,1,1\n', 'there is no column w, h'),
        ('id;frame;x;y;w;h\na;0;1;1;5;5\n', 'its columns are separated by semicolons'),
        ('id,frame,x,y,w,h,"x "\na,0,1,1,5,5,9\n', 'columns that occur more than once: x'),
    ],
)
def test_bad_box_files_are_refused(tmp_path, text, reason):
    if text is not None:
        (tmp_path / 'boxes.csv').write_text(text)
    with pytest.raises(ConfigError, match=reason):
        BoxFileDetector(str(tmp_path / 'boxes.csv'))


def test_yunet_refuses_missing_and_broken_files(tmp_path):
    with pytest.raises(ConfigError, match='no such file'):
        YuNetDetector(str(tmp_path / 'no.onnx'))
    (tmp_path / 'text.onnx').write_text('no network')
    with pytest.raises(ConfigError, match='cannot read'):
        YuNetDetector(str(tmp_path / 'text.onnx'))


def test_yunet_rows_become_faces_in_pixels_of_the_frame(tmp_path, monkeypatch):
    class Network:
        def setInputSize(self, size):
            self.size = size

        def detect(self, picture):
            assert picture.shape == (self.size[1], self.size[0], 3)
            assert picture[0, 0].tolist() == [30, 20, 10]  # blue first
            row = [10, 20, 30, 40, 15, 25, 35, 26, *range(6), 0.9]
            return 1, np.array([row], np.float32) if self.size == (320, 180) else None

    (tmp_path / 'net.onnx').write_text('')
    monkeypatch.setattr('cv2.FaceDetectorYN.create', lambda *args: Network())
    detector = YuNetDetector(str(tmp_path / 'net.onnx'), eyes=True)
    (face,) = detector.detect(np.full((360, 640, 3), (10, 20, 30), np.uint8), 'a', 0)
    assert face.box == (20, 40, 60, 80)
    assert face.eyes == ((30, 50), (70, 52))
    assert face.score == pytest.approx(0.9)
    assert detector.detect(np.full((200, 200, 3), (10, 20, 30), np.uint8), 'a', 0) == []


@pytest.mark.parametrize('value', ['-nan(ind)', 'nan', '-nan', '1.#QNAN', '-1.#IND', '1.#INF', 'inf', '', 'NA', 'x'])
def test_a_row_of_openface_whose_numbers_cannot_be_used_is_a_frame_without_a_face(tmp_path, value):
    good, bad = [*np.arange(68.0), *np.arange(68.0)], [*np.arange(67.0), value, *np.arange(68.0)]
    rows = [(1, 0, 0.0, 0.98, 1, *good), (2, 0, 0.04, 0.98, 1, *bad), (3, 0, 0.08, value, 1, *good)]
    rows += [(4, 0, 0.12, 0.98, value, *good), (value, 0, 0.16, 0.98, 1, *good), (6, 0, 0.2, 0.9, 1, *[5.0] * 136)]
    write_openface(tmp_path / 'a.csv', [*rows, (7, 0, 0.24, 0.98, 1, *good)])
    detector = BoxFileDetector(str(tmp_path))
    seen = [len(detector.detect(PICTURE, 'a', frame)) for frame in range(8)]
    assert seen == [1, 0, 0, 0, 0, 0, 1, 0]
    assert detector.detect(PICTURE, 'a', 6)[0].box == (0, 0, 67, 67)


def test_ids_of_boxes_may_be_words_that_others_take_for_missing(tmp_path):
    ids = ['NA', 'null', 'nan', 'None', '007', 'a ']
    rows = ''.join(f'{name},0,1,2,3,4\n' for name in [*ids, '46.0'])
    (tmp_path / 'boxes.csv').write_text(f'id ,frame,x,y,w,h\n{rows}b,0,1,nan,3,4\nb,1,1,2,0,4\nb,2,1,2,3,4\n')
    detector = BoxFileDetector(str(tmp_path / 'boxes.csv'))
    for name in ['NA', 'null', 'nan', 'None', '007', 'a', '46']:
        assert detector.detect(PICTURE, name, 0)[0].box == (1, 2, 3, 4)
    assert [len(detector.detect(PICTURE, 'b', frame)) for frame in range(3)] == [0, 0, 1]


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (b'\xff\xfe\x00', 'cannot be read as csv'),
        (b'frame;confidence;success;x_0\n1;1;1;1\n', 'its columns are separated by semicolons: save it with commas'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'this is a Git LFS pointer'),
        (b'\x00\x00\x00\n', 'there is no column|cannot be read as csv'),
    ],
)
def test_tables_of_openface_that_cannot_be_read_are_a_fault_of_their_clip(tmp_path, data, reason):
    (tmp_path / 'a.csv').write_bytes(data)
    with pytest.raises(ClipError, match=f'^a: csv of OpenFace: .*({reason})'):
        BoxFileDetector(str(tmp_path)).detect(PICTURE, 'a', 0)
