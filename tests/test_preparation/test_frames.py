"""Frames of raw clips: which, when, how large, and that they are not kept."""

import os
import weakref
from pathlib import Path

import numpy as np
import pytest

from mmavf.errors import ClipError
from mmavf.preparation import RawClip
from mmavf.preparation.frames import RawFrames
from tests.helpers.media import counted_frames, frame_index, tone, write_folder, write_media, write_wav


def every(frames):
    return frames.iter_frames(range(len(frames.frame_times)))


def test_a_video_is_read_twice_and_in_part(tmp_path):
    write_media(tmp_path / 'a.mp4', counted_frames(30), None, gop=7, b_frames=2)
    frames = RawFrames(tmp_path, RawClip(id='a', video='a.mp4'))
    assert frames.size == (64, 48)
    np.testing.assert_allclose(frames.frame_times, np.arange(30) / 25, atol=1e-3)
    assert [frame_index(frame) for frame in every(frames)] == list(range(30))
    assert [frame_index(frame) for frame in every(frames)] == list(range(30))
    assert [frame_index(frame) for frame in frames.iter_frames([2, 3, 20, 29])] == [2, 3, 20, 29]
    assert [frame_index(frame) for frame in frames.read_frames([20, 2, 20])] == [20, 2, 20]


def test_times_count_from_the_start_of_the_clip(tmp_path):
    stamps = [0.0, 0.1, 0.4, 0.45, 0.8, 1.0]
    write_media(tmp_path / 'a.mkv', counted_frames(6), None, stamps_sec=stamps)
    frames = RawFrames(tmp_path, RawClip(id='a', video='a.mkv', start_sec=0.3, end_sec=0.9))
    np.testing.assert_allclose(frames.frame_times, [0.1, 0.15, 0.5], atol=1e-3)
    assert [frame_index(frame) for frame in every(frames)] == [2, 3, 4]


def test_half_of_a_turned_video(tmp_path):
    upright = np.zeros((4, 48, 64, 3), np.uint8)
    upright[:, :, :32, 0], upright[:, :, 32:, 2] = 250, 250  # left red, right blue
    write_media(tmp_path / 'a.mp4', np.rot90(upright, -1, (1, 2)), None, rotation=90)
    frames = {half: RawFrames(tmp_path, RawClip(id='a', video='a.mp4', half=half)) for half in ('', 'left', 'right')}
    assert {half: some.size for half, some in frames.items()} == {'': (64, 48), 'left': (32, 48), 'right': (32, 48)}
    for half, channel in (('left', 0), ('right', 2)):
        for frame in every(frames[half]):
            assert frame.shape == (48, 32, 3)
            assert frame[8:-8, 8:-8].mean((0, 1)).argmax() == channel
            assert frame[8:-8, 8:-8, channel].mean() > 200


def test_frames_are_not_kept(tmp_path):
    write_media(tmp_path / 'a.mp4', counted_frames(40), None, gop=40)
    seen, most = [], 0
    for frame in every(RawFrames(tmp_path, RawClip(id='a', video='a.mp4'))):
        seen.append(weakref.ref(frame))
        most = max(most, sum(reference() is not None for reference in seen))
    assert len(seen) == 40
    assert most <= 2


def test_numbers_select_from_a_folder(tmp_path):
    write_folder(tmp_path / 'img', counted_frames(12))  # 0001.jpg shows 0
    clip = RawClip(id='a', video='img', first_frame=4, last_frame=9, fps=20)
    frames = RawFrames(tmp_path, clip)
    np.testing.assert_allclose(frames.frame_times, np.arange(6) / 20)
    assert [frame_index(frame) for frame in every(frames)] == [3, 4, 5, 6, 7, 8]
    os.rename(tmp_path / 'img' / '0005.jpg', tmp_path / 'img' / 'reg_2nd_img5.jpg')  # the last number counts
    assert len(RawFrames(tmp_path, clip).frame_times) == 6
    with pytest.raises(ClipError, match='no image has a number from 13 to None'):
        RawFrames(tmp_path, RawClip(id='a', video='img', first_frame=13))


def test_a_folder_without_a_rate_lasts_as_long_as_its_sound(tmp_path):
    write_folder(tmp_path / 'img', counted_frames(10))
    write_wav(tmp_path / 'a.wav', tone(2.0))
    write_media(tmp_path / 'a.mp4', None, tone(4.0))
    times = {
        audio: RawFrames(tmp_path, RawClip(id='a', video='img', audio=audio)).frame_times
        for audio in ('a.wav', 'a.mp4', '', None)
    }
    np.testing.assert_allclose(times['a.wav'], np.arange(10) * 0.2)
    np.testing.assert_allclose(times['a.mp4'], np.arange(10) * 0.4, rtol=0.05)  # AAC pads the end
    np.testing.assert_allclose(times[''], np.arange(10) / 25)
    np.testing.assert_allclose(times[None], np.arange(10) / 25)


def test_what_has_no_usable_video_is_refused(tmp_path):
    write_media(tmp_path / 'sound.mp4', None, tone(1.0))
    (tmp_path / 'text.mp4').write_text('no media')
    (tmp_path / 'folder.mp4').mkdir()
    for video, reason in (
        ('sound.mp4', 'no video stream'),
        ('text.mp4', 'cannot be opened as media'),
        ('folder.mp4', 'has no image'),
        ('missing.mp4', 'No such file'),
        ('', 'sound only'),
    ):
        with pytest.raises(ClipError, match=reason):
            RawFrames(tmp_path, RawClip(id='a', video=video))


def test_a_folder_of_mixed_sizes_is_refused(tmp_path):
    write_folder(tmp_path / 'img', counted_frames(3))
    write_folder(tmp_path / 'other', counted_frames(1, 40, 40))
    (tmp_path / 'other' / '0001.jpg').rename(tmp_path / 'img' / '0004.jpg')
    frames = RawFrames(tmp_path, RawClip(id='a', video='img'))
    with pytest.raises(ClipError, match='differ in size'):
        list(every(frames))


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_real_clips_from_mmavf_media_stream_as_they_are_read_whole():
    root = Path(os.environ['MMAVF_MEDIA'])
    frames = RawFrames(root, RawClip(id='a', video='misc/pyfeat_single_face.mp4', start_sec=0.5))
    indices = range(0, len(frames.frame_times), 5)
    for index, part, whole in zip(
        indices, frames.iter_frames(indices), [f for i, f in enumerate(every(frames)) if i % 5 == 0], strict=True
    ):
        np.testing.assert_array_equal(part, whole, err_msg=str(index))
    rotated = RawFrames(root, RawClip(id='b', video='misc/torchcodec_nasa_13013_rotated.mp4'))
    assert rotated.size == (270, 480)
