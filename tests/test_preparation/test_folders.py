"""Walking through raw folders: links, loops, names that are not UTF-8."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmavf.datasets.media import FrameFolder
from mmavf.errors import ClipError
from mmavf.preparation.raw_clip import LeftOut
from mmavf.preparation.raw_sets.folders import ABOVE, NOT_UTF8, SEEN
from mmavf.preparation.settings import source_sha256
from tests.helpers.raw_trees import index, mafw, raw_set, touch

CAFE = os.fsdecode(b'caf\xe9')


def link(root: Path, name: str, target: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(target)


def found(root: Path) -> tuple[list[str], list[LeftOut]]:
    clips, left_out = index('custom', root)
    return [clip.video for clip in clips], left_out


@pytest.mark.parametrize('target', ['..', '.', '../..', '/'])
def test_links_to_a_folder_above_are_not_followed(tmp_path, target):
    touch(tmp_path, 'raw/v.mp4', 'raw/a/w.mp4', 'outside.mp4')
    link(tmp_path, 'raw/a/l1', target)
    link(tmp_path, 'raw/a/l2', target)
    videos, left_out = found(tmp_path / 'raw')
    assert videos == ['a/w.mp4', 'v.mp4']
    reason = SEEN if target == '.' else ABOVE
    assert left_out == [LeftOut('a/l1', reason), LeftOut('a/l2', reason)]


def test_folders_that_link_to_each_other_are_visited_once(tmp_path):
    touch(tmp_path, 'a/1.mp4', 'b/2.mp4', 'a/x/1.jpg', 'a/x/2.jpg')
    link(tmp_path, 'a/to_b', '../b')
    link(tmp_path, 'b/to_a', '../a')
    videos, left_out = found(tmp_path)
    assert videos == ['a/1.mp4', 'a/x', 'b/2.mp4']
    assert left_out == [LeftOut('a/to_b', SEEN), LeftOut('b/to_a', SEEN)]


def test_a_folder_outside_counts_by_the_first_link_to_it(tmp_path):
    touch(tmp_path, 'disk/sub/1.mp4', 'raw/z.mp4')
    link(tmp_path, 'disk/back', '../raw/link10')
    for name in ('link10', 'link9', 'k'):
        link(tmp_path, f'raw/{name}', '../disk/sub' if name == 'k' else '../disk')
    videos, left_out = found(tmp_path / 'raw')
    assert videos == ['k/1.mp4', 'z.mp4']  # in natural order of the links: k, link9, link10
    assert [name for name, reason in left_out if reason == SEEN] == ['link10', 'link9/back', 'link9/sub']


def test_the_own_path_of_a_folder_counts_before_links_to_it(tmp_path):
    touch(tmp_path, 'z/1.mp4')
    link(tmp_path, 'a', 'z')
    assert found(tmp_path) == (['z/1.mp4'], [LeftOut('a', SEEN)])


def test_links_to_files_and_to_nowhere_are_files(tmp_path):
    touch(tmp_path, '1.mp4')
    link(tmp_path, '2.mp4', '1.mp4')
    link(tmp_path, '3.mp4', '3.mp4')
    assert found(tmp_path)[0] == ['1.mp4', '2.mp4', '3.mp4']


def test_sheets_of_micro_expressions_come_through_loops_too(tmp_path):
    touch(tmp_path, 'HS/s01/micro/negative/s01_ne_01/1.bmp')
    link(tmp_path, 'HS/s01/loop', '..')
    clips, left_out = index('smic', tmp_path)
    assert [clip.id for clip in clips] == ['s01_ne_01'] and left_out == [LeftOut('HS/s01/loop', SEEN)]


def test_names_that_are_not_utf8_are_left_out_and_shown(tmp_path):
    touch(tmp_path, 'good.mp4', f'{CAFE}.mp4', f'{CAFE}.wav', f'{CAFE}.txt', f'{CAFE}/in.mp4', f'frames/{CAFE}.jpg')
    videos, left_out = found(tmp_path)
    assert videos == ['frames', 'good.mp4']  # an image needs no name in a list
    assert left_out == [
        LeftOut(name, NOT_UTF8) for name in ('caf\\xe9', 'caf\\xe9.mp4', 'caf\\xe9.txt', 'caf\\xe9.wav')
    ]
    assert len(source_sha256(tmp_path / 'frames')) == 64


def test_images_whose_names_are_not_utf8_are_read_and_named_printably(tmp_path):
    (tmp_path / f'{CAFE}1.png').write_bytes(cv2.imencode('.png', np.full((4, 4, 3), 9, np.uint8))[1].tobytes())
    (tmp_path / f'{CAFE}2.png').write_bytes(b'no image')
    frames = FrameFolder(str(tmp_path), 25.0, 0.0)
    assert (frames.read_frames([0])[0] == 9).all()
    with pytest.raises(ClipError, match=r'caf\\xe92\.png') as error:
        frames.read_frames([1])
    assert str(error.value).encode()


def test_sets_with_folders_of_faces_leave_such_names_out(tmp_path):
    mafw(tmp_path)
    usual = index('mafw11', tmp_path)
    touch(tmp_path, f'data/frames/{CAFE}/')
    clips, left_out = index('mafw11', tmp_path)
    assert clips == usual.clips and set(left_out) - set(usual.left_out) == {LeftOut('data/frames/caf\\xe9', NOT_UTF8)}


def test_labels_that_cannot_stand_in_a_list_are_left_out(tmp_path):
    touch(tmp_path, 'calm /1.mp4', 'new\nline/2.mp4', 'a\u2028b/3.mp4')
    parser = raw_set('custom', tmp_path, label_from='folder')
    clips, left_out = parser.index()
    assert [(clip.label, parser.class_names(clips)) for clip in clips] == [('calm', ['calm'])]
    assert len(left_out) == 2 and all('its label contains a line break' in reason for _, reason in left_out)


def test_images_of_two_faces_in_one_folder_are_no_clip(tmp_path):
    touch(tmp_path, 'one/frame_det_00_000001.bmp', 'one/frame_det_00_000002.bmp')
    touch(tmp_path, 'two/frame_det_00_000001.bmp', 'two/frame_det_01_000001.bmp')
    videos, left_out = found(tmp_path)
    assert videos == ['one'] and [name for name, _ in left_out] == ['two']
