"""Streams that are whole and unusual are read rightly; damaged ones are a ClipError, never something else."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import FrameFolder, MediaFile, SoundFile
from mmavf.datasets.media.open_sound import open_sound
from mmavf.datasets.media.resample import check_rate
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, encode_video, frame_index, tone, write_folder, write_media, write_wav

RATE = 16000


def _write_pcm(path: Path, blocks: list[np.ndarray], rate_hz: int = RATE) -> Path:
    """Write 16-bit sound with one packet per block."""
    with av.open(str(path), 'w') as out:
        stream = out.add_stream('pcm_s16le', rate=rate_hz, layout='mono')
        place = 0
        for block in blocks:
            frame = av.AudioFrame.from_ndarray((block * 32767).astype(np.int16)[None], format='s16', layout='mono')
            frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), place
            out.mux(stream.encode(frame))
            place += len(block)
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize('start', [0.4, 1.0, 1.48, 3.5])
@pytest.mark.parametrize('clip_start', [0.0, 0.35])
def test_a_packet_longer_than_the_preroll_is_heard_from_the_middle_on(tmp_path, start, clip_start):
    sound = tone(5.0)
    path = _write_pcm(tmp_path / 'clip.mkv', np.split(sound, 5))  # a second each
    window = MediaFile(str(path), clip_start).audio.read_audio(start, start + 1.2)
    place = round(start * RATE)
    np.testing.assert_allclose(window, sound[place : place + len(window)], atol=1e-4)


def test_sound_that_ended_before_the_part_that_is_used_is_silence_in_a_video_as_in_a_wav(tmp_path):
    path = write_media(tmp_path / 'clip.mp4', counted_frames(90), tone(1.0, rate_hz=44100), rate_hz=44100)
    assert not MediaFile(str(path), 2.0, 3.0).audio.read_audio(2.0, 3.0).any()


@pytest.mark.parametrize('rate_hz', [RATE, 44100])
def test_a_window_behind_the_end_of_a_wav_is_silence_at_any_rate(tmp_path, rate_hz):
    sound = SoundFile(str(write_wav(tmp_path / 'a.wav', tone(2.0, rate_hz=rate_hz), rate_hz)))
    window = sound.read_audio(3.0, 4.0)
    assert window.shape == (RATE,) and not window.any()
    assert sound.read_audio(1.0, 1.0).shape == (0,)


def test_a_wav_that_is_shorter_than_its_header_says_is_cut_off(tmp_path):
    path = write_wav(tmp_path / 'a.wav', tone(2.0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ClipError, match='expected 64000 bytes of sound, found 31978'):
        SoundFile(str(path))


def test_a_wav_from_a_pipe_has_no_length_in_its_header_and_is_whole(tmp_path):
    path = write_wav(tmp_path / 'a.wav', tone(2.0))
    content = path.read_bytes()
    place = content.index(b'data') + 4
    path.write_bytes(content[:place] + b'\xff\xff\xff\xff' + content[place + 4 :])
    assert SoundFile(str(path)).duration_sec == 2.0


@pytest.mark.parametrize('second', [dict(channels=2), dict(rate_hz=22050)])
def test_sound_that_changes_channels_or_rate_keeps_its_pitch_and_place(tmp_path, second):
    parts = []
    for number, form in enumerate([{}, second]):
        channels, rate_hz = form.get('channels', 1), form.get('rate_hz', 44100)
        sound = np.tile(tone(2.0, rate_hz=rate_hz), (channels, 1))
        path = write_media(tmp_path / f'{number}.ts', None, sound, rate_hz=rate_hz, audio_delay_sec=2.0 * number)
        parts.append(path.read_bytes())
    path = tmp_path / 'both.ts'
    path.write_bytes(b''.join(parts))
    window = open_sound(str(path)).read_audio(0.0, 3.5)
    for seconds in ((0.5, 1.5), (2.5, 3.4)):
        part = window[round(seconds[0] * RATE) : round(seconds[1] * RATE)]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        assert np.argmax(spectrum) * RATE / len(part) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(('rate_hz', 'good'), [(8000, True), (22254, True), (96000, True), (44101, True), (0, False)])
def test_rates_of_recordings_pass(rate_hz, good):
    if good:
        check_rate(rate_hz, 'a.wav')
    else:
        with pytest.raises(ClipError, match='0 Hz'):
            check_rate(rate_hz, 'a.wav')


def test_an_absurd_rate_is_damage_and_no_filter_of_many_gigabytes(tmp_path):
    path = write_wav(tmp_path / 'a.wav', tone(1.0))
    content = bytearray(path.read_bytes())
    content[24:28] = (1_999_999_999).to_bytes(4, 'little')
    path.write_bytes(content)
    with pytest.raises(ClipError, match='1999999999 Hz'):
        SoundFile(str(path))


def test_a_codec_that_ffmpeg_does_not_know_is_a_clip_error(tmp_path):
    path = write_media(tmp_path / 'a.mkv', counted_frames(30), None)
    content = path.read_bytes()
    assert content.count(b'V_MPEG4/ISO/AVC') == 1
    path.write_bytes(content.replace(b'V_MPEG4/ISO/AVC', b'V_FOOBAR/XX/YYY'))
    with pytest.raises(ClipError, match='no decoder for the video stream'):
        MediaFile(str(path))


@pytest.mark.parametrize(('suffix', 'codecs', 'rate_hz'), [
    ('flv', ('libx264', 'aac'), 44100),
    ('ts', ('libx264', 'aac'), 44100),
    ('mp4', ('libx264', 'aac'), 44100),
    ('mpg', ('mpeg1video', 'mp2'), 44100),
])  # fmt: skip
def test_whatever_is_cut_out_of_a_file_it_is_read_or_refused(tmp_path, suffix, codecs, rate_hz):
    path = write_media(tmp_path / f'a.{suffix}', counted_frames(50), tone(2.0, rate_hz=rate_hz), codecs=codecs,
                       rate_hz=rate_hz)  # fmt: skip
    content = path.read_bytes()
    damaged, refused = tmp_path / f'b.{suffix}', 0
    for begin in np.linspace(100, len(content), 60).astype(int):
        for rest in (b'', content[begin + 2000 :]):
            damaged.write_bytes(content[:begin] + rest)
            try:
                media = MediaFile(str(damaged))
                for track, read in (
                    (media.audio, lambda t: t.read_audio(0, 1)),
                    (media.video, lambda t: t.read_frames([0])),
                ):
                    if track is not None:
                        read(track)
            except ClipError:
                refused += 1
    assert refused > 10


def _write_not_coded(path: Path, frames: np.ndarray, missing: set[int]) -> None:
    """Write MPEG-4 whose frames `missing` are headers that say "not coded", as Xvid does for a picture that stays."""
    whole = path.with_suffix('.all.avi')
    encode_video(whole, frames, {'sc_threshold': '1000000000'}, codec='mpeg4', gop=50)  # no key frames at changes
    with av.open(str(whole)) as source, av.open(str(path), 'w') as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for index, packet in enumerate(p for p in source.demux(stream) if p.size):
            data = bytes(packet)
            if index in missing:
                bits = ''.join(f'{byte:08b}' for byte in data[4:12])
                end = bits.index('0', 2) + 1 + 1 + 5 + 1  # coding type, seconds in unary, marker, 25ths, marker
                bits = bits[:end] + '00'  # vop_coded = 0
                bits += '1' * (-len(bits) % 8)
                data = data[:4] + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            new = av.Packet(data)
            new.pts, new.dts, new.time_base, new.duration = packet.pts, packet.dts, packet.time_base, 1
            new.is_keyframe, new.stream = packet.is_keyframe, copy
            out.mux(new)


def test_a_frame_that_is_not_coded_shows_the_one_before(tmp_path):
    path = tmp_path / 'a.avi'
    _write_not_coded(path, counted_frames(40), missing={13, 23, 24, 39})
    track = MediaFile(str(path)).video
    assert len(track.frame_times) == 40
    wanted = [0, 12, 13, 14, 23, 24, 25, 39]
    assert [frame_index(frame) for frame in track.read_frames(wanted)] == [0, 12, 12, 14, 22, 22, 25, 38]
    assert [frame_index(track.read_frames([index])[0]) for index in (13, 24, 39)] == [12, 22, 38]


def test_intra_refresh_is_decoded_from_where_decoding_can_begin(tmp_path):
    path, count = tmp_path / 'a.mp4', 90
    noise = np.random.default_rng(0).integers(-10, 10, (count, 120, 160, 3))  # or all blocks would be skipped
    frames = (counted_frames(count, 120, 160) + noise).clip(0, 255).astype(np.uint8)
    encode_video(path, frames, {'x264-params': 'intra-refresh=1:keyint=25', 'crf': '10'})
    with av.open(str(path)) as container:
        assert sum(packet.is_keyframe for packet in container.demux(video=0) if packet.size) > 1
    track = MediaFile(str(path)).video
    for wanted in ([25], list(range(3, count, 4)), [84, 85]):
        assert [frame_index(frame) for frame in track.read_frames(wanted)] == wanted


def test_a_damaged_picture_of_motion_jpeg_is_refused(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
    path = write_media(tmp_path / 'a.avi', frames, None, codecs=('mjpeg', ''), pixels='yuvj420p')
    content = bytearray(path.read_bytes())
    begins = [i for i in range(len(content) - 1) if content[i : i + 2] == b'\xff\xd8']
    middle = (begins[20] + begins[21]) // 2
    content[middle : middle + 40] = b'\xff' * 40
    path.write_bytes(content)
    track = MediaFile(str(path)).video
    assert track.read_frames([19])[0].shape == (48, 64, 3)
    with pytest.raises(ClipError, match='cannot be decoded|damaged'):
        track.read_frames([20])


def test_a_part_begins_and_ends_at_the_frame_of_exactly_that_time(tmp_path):
    path = write_media(tmp_path / 'a.mp4', np.repeat(counted_frames(1), 250, axis=0), None, fps=30)
    folder = write_folder(tmp_path / 'frames', np.repeat(counted_frames(1), 250, axis=0))
    for second in (3.7, 6.9, 7.4, 7.9):
        for first, then in (
            (MediaFile(str(path), 0.0, second).video, MediaFile(str(path), second).video),
            (FrameFolder(str(folder), 30, 0.0, 0.0, second), FrameFolder(str(folder), 30, 0.0, second)),
        ):
            assert len(first.frame_times) == round(second * 30)
            assert then.frame_times[0] == pytest.approx(second)


def test_a_colon_in_a_relative_path_names_no_protocol(tmp_path, monkeypatch):
    write_media(tmp_path / '12:30.mp4', counted_frames(5), None)
    monkeypatch.chdir(tmp_path)
    assert len(MediaFile('12:30.mp4').video.frame_times) == 5
