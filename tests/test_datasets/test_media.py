"""Frames and sound are those of the time that is asked for, in every container."""

import os
from pathlib import Path

import numpy as np
import pytest

from mmavf.datasets.media import FrameFolder, MediaFile, SoundFile
from mmavf.datasets.media.resample import place_samples, to_mono_16k
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, frame_index, onset_sec, tone, write_folder, write_media, write_wav

CONTAINERS = {
    'mp4': ('libx264', 'aac', 44100),
    'mov': ('libx264', 'pcm_s16le', 44100),
    'mkv': ('libx264', 'libopus', 48000),
    'avi': ('mpeg4', 'libmp3lame', 44100),
    'mpg': ('mpeg1video', 'mp2', 44100),
    'ts': ('libx264', 'aac', 44100),
}


def _write(path, suffix, **options):
    video, audio, rate = CONTAINERS[suffix]
    frames, sound = counted_frames(90), tone(4.0, onset_sec=1.0, rate_hz=rate)
    return str(write_media(path / f'clip.{suffix}', frames, sound, rate_hz=rate, codecs=(video, audio), **options))


@pytest.mark.parametrize('suffix', CONTAINERS)
@pytest.mark.parametrize('indices', [[0], [37], [88], [3, 3, 40, 41, 77], [60, 20, 5]])
def test_frames_by_index_are_those_of_the_file(tmp_path, suffix, indices):
    track = MediaFile(_write(tmp_path, suffix, gop=12)).video
    assert [frame_index(frame) for frame in track.read_frames(indices)] == indices


def test_tags_in_another_encoding_are_no_reason_to_refuse_a_file(tmp_path):
    path = Path(_write(tmp_path, 'avi'))
    content = path.read_bytes()
    assert content.count(b'Lavf') == 1  # the tag of the program that wrote the file
    path.write_bytes(content.replace(b'Lavf', b'\xff\xfe\xe9\xe8'))
    assert frame_index(MediaFile(str(path)).video.read_frames([7])[0]) == 7


@pytest.mark.parametrize('suffix', CONTAINERS)
def test_frames_and_sound_share_one_clock(tmp_path, suffix):
    media = MediaFile(_write(tmp_path, suffix))
    # frame 25 was written for second 1.0, when the tone sets in; avi and mpg cannot say that their encoder delays
    # sound, or shows the first frame longer
    tolerance = {'avi': 0.07, 'mpg': 0.07}.get(suffix, 0.003)
    onset = onset_sec(media.audio.read_audio(0.0, 3.0))
    assert onset == pytest.approx(media.video.frame_times[25], abs=tolerance)


def test_a_frame_is_read_the_same_after_any_other(tmp_path):
    path = _write(tmp_path, 'mp4', gop=12, b_frames=2)
    track = MediaFile(path).video
    for index in (50, 3, 70, 70, 12, 0):
        assert frame_index(track.read_frames([index])[0]) == index


def test_decoding_starts_at_the_key_frame_before(tmp_path):
    track = MediaFile(_write(tmp_path, 'mp4', gop=10)).video
    fed = []
    feed = track._feed
    track._feed = lambda position, *rest: (fed.append(position), feed(position, *rest))
    assert [frame_index(frame) for frame in track.read_frames([15, 77])] == [15, 77]
    assert min(fed) == 10 and max(fed) < 82
    assert not set(range(25, 70)) & set(fed)


def test_unbroken_sound_is_one_run_and_a_gap_splits_it(tmp_path):
    track = MediaFile(_write(tmp_path, 'mp4')).audio
    assert len(track._decode(0.0, 3.0)) == 1
    del track._packets[60:100]  # about 0.9 s
    (_, _, first), (start, _, _) = track._decode(0.0, 4.0)
    assert start - len(first) / 44100 == pytest.approx(40 * 1024 / 44100, abs=0.03)


def test_variable_frame_rate_keeps_its_stamps(tmp_path):
    stamps = np.cumsum([0] + [0.04] * 30 + [0.16] * 10 + [0.08] * 20)
    path = write_media(tmp_path / 'clip.mp4', counted_frames(61), None, stamps_sec=stamps)
    np.testing.assert_allclose(MediaFile(str(path)).video.frame_times, stamps, atol=1e-3)


@pytest.mark.parametrize('turn', [90, 180, 270])
def test_rotation_is_honoured(tmp_path, turn):
    upright = counted_frames(1, height=48, width=64)
    upright[0, :10] = 255  # a bright bar at the top
    stored = np.ascontiguousarray(np.rot90(upright, -turn // 90, axes=(1, 2)))
    path = write_media(tmp_path / 'clip.mp4', stored, None, rotation=turn)
    (frame,) = MediaFile(str(path)).video.read_frames([0])
    assert frame.shape == (48, 64, 3)
    assert frame[:8].mean() > 240 and frame[12:].mean() < 100


def test_sound_that_starts_late_and_ends_early_is_in_its_true_place(tmp_path):
    sound = tone(1.0, rate_hz=16000)
    path = write_media(tmp_path / 'clip.mp4', counted_frames(75), sound, audio_delay_sec=0.8)
    window = MediaFile(str(path)).audio.read_audio(0.0, 3.0)
    loud = np.flatnonzero(np.abs(window) > 0.1) / 16000
    assert len(window) == 48000
    assert loud[0] == pytest.approx(0.8, abs=0.01)
    assert loud[-1] == pytest.approx(1.8, abs=0.08)  # the encoder fills its last block
    assert not window[: int(0.7 * 16000)].any() and not window[int(1.9 * 16000) :].any()


@pytest.mark.parametrize('suffix', ['mp4', 'mkv', 'mpg'])
def test_a_window_is_the_same_part_of_the_whole_sound(tmp_path, suffix):
    track = MediaFile(_write(tmp_path, suffix)).audio
    whole, part = track.read_audio(0.0, 4.0), track.read_audio(1.5, 2.5)
    lags = np.arange(-32, 33)
    fits = [np.dot(part[100:-100], whole[24100 + lag : 24000 + 16000 - 100 + lag]) for lag in lags]
    assert abs(lags[int(np.argmax(fits))]) <= 16  # mkv counts in whole milliseconds
    assert max(fits) == pytest.approx(np.dot(part[100:-100], part[100:-100]), rel=0.02)


@pytest.mark.parametrize('suffix', ['mp4', 'mkv', 'ts'])  # the stamps of ts start at 1.4 s
def test_start_and_end_restrict_frames_and_sound(tmp_path, suffix):
    path = _write(tmp_path, suffix, gop=12)
    times = MediaFile(path).video.frame_times
    assert times[0] == pytest.approx(0, abs=0.03)
    start, end = times[25] - 0.01, times[50] - 0.01
    media = MediaFile(path, start, end)
    np.testing.assert_allclose(media.video.frame_times, times[25:50], atol=1e-6)
    assert [frame_index(f) for f in media.video.read_frames([0, 24])] == [25, 49]
    whole = MediaFile(path).audio.read_audio(1.2, 1.8)
    tolerance = 0.1 if suffix == 'mkv' else 1e-3  # mkv counts in whole milliseconds
    np.testing.assert_allclose(media.audio.read_audio(1.2, 1.8), whole, atol=tolerance)
    with pytest.raises(ClipError, match='no video frame between 50 and 60'):
        MediaFile(path, 50, 60)


def test_missing_streams_are_none(tmp_path):
    silent = write_media(tmp_path / 'silent.mp4', counted_frames(5), None)
    blind = write_media(tmp_path / 'blind.mp4', None, tone(0.5))
    assert MediaFile(str(silent)).audio is None
    assert MediaFile(str(blind)).video is None


@pytest.mark.parametrize('content', [b'', b'this is no film\n' * 9])
def test_what_is_no_media_is_refused(tmp_path, content):
    path = tmp_path / 'clip.mp4'
    path.write_bytes(content)
    with pytest.raises(ClipError, match='clip.mp4: cannot be opened as media'):
        MediaFile(str(path))


def test_a_file_cut_in_the_middle_is_refused(tmp_path):
    path = tmp_path / 'clip.mp4'
    noise = np.random.default_rng(0).integers(0, 255, (75, 64, 64, 3), dtype=np.uint8)
    write_media(path, noise, tone(3.0))
    data = path.read_bytes()
    moov = data.index(b'moov') - 4  # at the end; a player that streams wants it first
    front = data.index(b'mdat') - 4
    moved = bytearray(data[:front] + data[moov:] + data[front:moov])
    _shift_chunk_offsets(moved, len(data) - moov)
    path.write_bytes(moved)
    assert len(MediaFile(str(path)).video.frame_times) == 75
    path.write_bytes(moved[: len(moved) // 2])
    with pytest.raises(ClipError, match='the file is cut off'):
        MediaFile(str(path))


def _shift_chunk_offsets(data: bytearray, shift: int) -> None:
    place = data.find(b'stco')
    while place >= 0:
        count = int.from_bytes(data[place + 8 : place + 12], 'big')
        for i in range(place + 12, place + 12 + 4 * count, 4):
            data[i : i + 4] = (int.from_bytes(data[i : i + 4], 'big') + shift).to_bytes(4, 'big')
        place = data.find(b'stco', place + 4)


def test_damage_inside_the_window_is_refused(tmp_path):
    path = tmp_path / 'clip.mp4'
    rng = np.random.default_rng(0)
    write_media(path, rng.integers(0, 255, (50, 64, 64, 3), dtype=np.uint8), None)
    data = bytearray(path.read_bytes())
    body = data.index(b'mdat') + 400
    for place in rng.integers(body, data.index(b'moov') - 400, 300):
        data[place] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ClipError, match='damaged|decoded|ascend'):
        MediaFile(str(path)).video.read_frames(range(0, 50, 4))


def test_wav_windows_mixdown_and_rate(tmp_path):
    stereo = np.stack([tone(3.0, 1.0, 8000), np.zeros(24000, np.float32)], axis=1)
    window = SoundFile(str(write_wav(tmp_path / 'a.wav', stereo, 8000))).read_audio(0.5, 3.5)
    assert len(window) == 48000
    assert onset_sec(window) == pytest.approx(0.5, abs=0.01)
    assert np.abs(window[16000:32000]).max() == pytest.approx(0.25, abs=0.01)  # the mean of the channels
    assert not window[-7000:].any()  # the file ends at 3.0 s


def test_bad_wav_files_are_refused(tmp_path):
    with pytest.raises(ClipError, match='has no samples'):
        SoundFile(str(write_wav(tmp_path / 'empty.wav', np.zeros(0, np.float32))))
    nan = np.zeros(16000, np.float32)
    nan[5] = np.nan
    with pytest.raises(ClipError, match='1 of 16000 sound samples are not finite'):
        SoundFile(str(write_wav(tmp_path / 'nan.wav', nan, subtype='FLOAT'))).read_audio(0.0, 1.0)
    (tmp_path / 'text.wav').write_text('no sound')
    with pytest.raises(ClipError, match='cannot be opened as sound'):
        SoundFile(str(tmp_path / 'text.wav'))


@pytest.mark.parametrize('rate_hz', [8000, 11025, 22050, 44100, 48000])
def test_resampling_keeps_pitch_level_and_time(rate_hz):
    time = np.arange(rate_hz) / rate_hz
    samples = np.sin(2 * np.pi * 500 * time).astype(np.float32)
    expected = np.sin(2 * np.pi * 500 * np.arange(16000) / 16000)
    np.testing.assert_allclose(to_mono_16k(samples[None], rate_hz)[200:-200], expected[200:-200], atol=0.01)


@pytest.mark.parametrize('place', [-7, -2, 0, 3, 8, 12])
def test_place_samples_against_a_loop(place):
    samples, expected = np.arange(1, 6, dtype=np.float32), np.zeros(10, np.float32)
    for i, value in enumerate(samples):
        if 0 <= place + i < 10:
            expected[place + i] = value
    np.testing.assert_array_equal(place_samples(np.zeros(10, np.float32), samples, place), expected)


def test_folder_times_and_order(tmp_path):
    folder = str(write_folder(tmp_path / 'frames', counted_frames(12), digits=1))  # 1.jpg ... 12.jpg
    (tmp_path / 'frames' / 'notes.txt').write_text('not a frame')
    (tmp_path / 'frames' / '._1.jpg').write_text('what an archive brings')
    by_rate = FrameFolder(folder, fps=10, duration_sec=99)
    np.testing.assert_allclose(by_rate.frame_times, np.arange(12) / 10)
    by_sound = FrameFolder(folder, fps=None, duration_sec=3.0)
    np.testing.assert_allclose(by_sound.frame_times, np.arange(12) * 0.25)
    assert [frame_index(frame) for frame in by_rate.read_frames([0, 1, 9, 11])] == [0, 1, 9, 11]
    part = FrameFolder(folder, 10, 99, 0.5, 1.0)
    assert [frame_index(frame) for frame in part.read_frames([0, 4])] == [5, 9]


def test_bad_folders_are_refused(tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ClipError, match='has no image'):
        FrameFolder(str(tmp_path / 'empty'), 25, 1.0)
    folder = write_folder(tmp_path / 'frames', np.random.default_rng(0).integers(0, 255, (3, 40, 40, 3), np.uint8))
    with pytest.raises(ClipError, match='no image between 1 s and the end'):
        FrameFolder(str(folder), 25, 1.0, start_sec=1.0)
    with pytest.raises(ClipError, match='no image between 1 s and 2 s'):
        FrameFolder(str(folder), 25, 1.0, 1.0, 2.0)
    image = folder / '0002.jpg'
    image.write_bytes(image.read_bytes()[:-500])
    reader = FrameFolder(str(folder), 25, 1.0)
    assert reader.read_frames([0])[0].shape == (40, 40, 3)
    with pytest.raises(ClipError, match=r'0002\.jpg: the JPEG has no end marker'):
        reader.read_frames([0, 1])
    image.write_bytes(b'')
    with pytest.raises(ClipError, match=r'0002\.jpg'):
        reader.read_frames([1])


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_real_clips_from_mmavf_media_decode_alike_in_part_and_whole():
    paths = sorted(Path(os.environ['MMAVF_MEDIA']).glob('grid/*.mpg'))
    assert paths
    for path in paths[:3]:
        whole = MediaFile(str(path)).video.read_frames(range(75))
        for index in (0, 11, 12, 40, 74):
            np.testing.assert_array_equal(MediaFile(str(path)).video.read_frames([index])[0], whole[index])
