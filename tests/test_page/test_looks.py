"""Pictures of what mattered: the strong places of the maps are where the picture changes."""

import numpy as np
import pytest

from mmavf.page.looks import MEL_HEIGHT, SIDE, look_name, look_of


def given_and_maps(video_patch, audio_patch):
    given = dict(video=np.full((8, 48, 48, 3), 90, np.uint8), audio=np.zeros((64, 32), np.float32))
    maps = dict(video=np.full((4, 3, 3), 0.1, np.float32), audio=np.full((8, 4), 0.1, np.float32))
    if video_patch:
        maps['video'][video_patch] = 1.0
    if audio_patch:
        maps['audio'][audio_patch] = 1.0
    return given, maps


def changed(picture, plain):
    rows, columns = np.nonzero(np.abs(picture.astype(int) - plain).sum(axis=-1) > 60)
    return rows, columns


@pytest.mark.parametrize('patch', [(0, 0, 0), (3, 2, 1)])
def test_a_strong_patch_of_the_face_is_bright_in_its_frame_and_place(patch):
    plain = look_of(*given_and_maps(None, None))
    rows, columns = changed(look_of(*given_and_maps(patch, None)), plain)
    assert plain.shape == (SIDE + MEL_HEIGHT, 4 * SIDE, 3)
    assert (columns // SIDE == patch[0]).all() and rows.max() < SIDE
    assert rows.mean() / SIDE == pytest.approx((patch[1] + 0.5) / 3, abs=0.1)
    assert columns.mean() % SIDE / SIDE == pytest.approx((patch[2] + 0.5) / 3, abs=0.1)


@pytest.mark.parametrize('patch', [(2, 0), (6, 3)])
def test_a_strong_patch_of_the_spectrogram_is_bright_at_its_time_with_low_pitch_at_the_bottom(patch):
    rows, columns = changed(look_of(*given_and_maps(None, patch)), look_of(*given_and_maps(None, None)))
    assert columns.mean() / (4 * SIDE) == pytest.approx((patch[0] + 0.5) / 8, abs=0.05)
    assert (rows.mean() - SIDE) / MEL_HEIGHT == pytest.approx(1 - (patch[1] + 0.5) / 4, abs=0.1)


def test_one_modality_alone():
    given, maps = given_and_maps(None, None)
    assert look_of(given, dict(video=maps['video'])).shape[0] == SIDE
    assert look_of(given, dict(audio=maps['audio'])).shape[0] == MEL_HEIGHT


def test_names_of_a_window_are_those_of_its_rounded_time():
    assert look_name(2, 1.28) == look_name(2, round(1.28 + 1e-9, 6)) == 'look_2_1280000.jpg'
    assert look_name(None, -0.023) == 'look_0_-23000.jpg'
