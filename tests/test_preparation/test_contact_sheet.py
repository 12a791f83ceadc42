"""What the contact sheet shows, where."""

import cv2
import numpy as np
import pytest

from mmavf.preparation.contact_sheet import CAPTION, CELL, GAP, Strip, write_contact_sheet

HEIGHT, WIDTH = CELL + CAPTION + GAP, 3 * CELL + GAP


def plain(*levels):
    return [np.full((160, 160, 3), (level, 0, 255 - level), np.uint8) for level in levels]


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)


def test_frames_stand_in_rows_and_columns(tmp_path):
    strips = [Strip('a', '', plain(10, 20, 30)), Strip('b', 'left', plain(40)), Strip('c', '', plain(50, 60, 70, 80))]
    write_contact_sheet(tmp_path / 'sheet.png', strips, per_clip=3, columns=2)
    sheet = read(tmp_path / 'sheet.png')
    assert sheet.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    shown = [
        [tuple(sheet[row * HEIGHT + 40, column * WIDTH + i * CELL + 40].tolist()) for i in range(3)]
        for row in range(2)
        for column in range(2)
    ]
    white = (255, 255, 255)
    assert shown == [
        [(level, 0, 255 - level) for level in (10, 20, 30)],
        [(40, 0, 215), white, white],
        [(level, 0, 255 - level) for level in (50, 60, 70)],
        [white] * 3,
    ]


def caption(sheet, line):
    return sheet[CELL + 2 + 14 * line : CELL + 16 + 14 * line, : WIDTH - GAP]


@pytest.mark.parametrize('text', ['x', 'a_rather_long_name_of_a_clip_' * 5])
def test_name_and_remark_stand_below_and_fit(tmp_path, text):
    for i, strip in enumerate((Strip('', '', plain(0)), Strip(text, '', plain(0)), Strip('', text, plain(0)))):
        write_contact_sheet(tmp_path / f'{i}.png', [strip], per_clip=3, columns=1)
    empty, name, remark = (read(tmp_path / f'{i}.png') for i in range(3))
    assert (caption(empty, 0) == 255).all() and (caption(empty, 1) == 255).all()
    assert (caption(name, 0) < 128).all(-1).any() and (caption(name, 1)[4:] == 255).all()  # but for descenders
    assert (caption(remark, 1)[..., 1] < 128).any() and (caption(remark, 0)[:8] == 255).all()
    assert (name[CELL:, WIDTH - GAP :] == 255).all()


def test_the_same_strips_give_the_same_bytes(tmp_path):
    for name in 'ab':
        write_contact_sheet(tmp_path / name, [Strip('a', 'b', plain(1, 2))])
    assert (tmp_path / 'a').read_bytes() == (tmp_path / 'b').read_bytes()
