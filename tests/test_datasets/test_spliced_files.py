"""Files that were written one after the other into one: all of them is there, in one time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile
from mmavf.datasets.media.splices import join_parts

from ..helpers.media import counted_frames, frame_index, onset_sec, tone, write_media

CODECS = {
    'mpg': ('mpeg1video', 'mp2'),
    'vob': ('mpeg2video', 'ac3'),
    'ts': ('libx264', 'aac'),
    'mts': ('libx264', 'aac'),
}
# 33 bits of 1/90000 s
CLOCK_SEC = 2**33 / 90000


def _write_part(path: Path, number: int, sound_sec: float = 2.0, delay_sec: float = 0.0, b_frames: int = 0) -> bytes:
    """Write 50 frames, from frame 40 * number on, and a tone in the last second of the part."""
    codecs = CODECS[path.suffix[1:]]
    # noise, as several pictures in one packet of a program stream have one stamp
    noise = np.random.default_rng(0).integers(-12, 12, (50, 96, 128, 3))
    frames = (counted_frames(100, 96, 128)[40 * number :][:50] + noise).clip(0, 255).astype(np.uint8)
    sound = tone(sound_sec, onset_sec=1.0, rate_hz=48000)
    write_media(path, frames, sound, rate_hz=48000, codecs=codecs, b_frames=b_frames, video_delay_sec=delay_sec,
                audio_delay_sec=delay_sec)  # fmt: skip
    return path.read_bytes()


def _check_two(path: Path, tolerance_sec: float = 0.08) -> None:
    media = MediaFile(str(path))
    times = media.video.frame_times
    assert len(times) == 100 and (np.diff(times) > 0).all()
    np.testing.assert_allclose(np.delete(np.diff(times), 49), 0.04, atol=2e-3)
    assert 0.03 < times[50] - times[49] < 0.12  # the sound of the first part may end a little later than its picture
    assert [frame_index(frame) for frame in media.video.read_frames([0, 49, 50, 99])] == [0, 49, 40, 89]
    # in both parts the tone sets in with frame 25
    for frame in (25, 75):
        start = times[frame] - 0.5
        heard = start + onset_sec(media.audio.read_audio(start, start + 1.0))
        assert heard == pytest.approx(times[frame], abs=tolerance_sec)
    part = MediaFile(str(path), times[70] - 0.01, times[80] - 0.01).video
    np.testing.assert_allclose(part.frame_times, times[70:80], atol=1e-6)
    assert [frame_index(frame) for frame in part.read_frames([0, 9])] == [60, 69]


@pytest.mark.parametrize('suffix', CODECS)
@pytest.mark.parametrize('b_frames', [0, 2])
def test_two_files_in_a_row_are_shown_in_a_row(tmp_path, suffix, b_frames):
    path = tmp_path / f'two.{suffix}'
    path.write_bytes(b''.join(_write_part(tmp_path / f'{i}.{suffix}', i, b_frames=b_frames) for i in range(2)))
    _check_two(path)


@pytest.mark.parametrize('delay_sec', [600.0, 40000.0])
@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_a_clock_that_was_set_anew_or_jumps_ahead_goes_on(tmp_path, delay_sec, order):
    path = tmp_path / 'two.ts'
    delays = [delay_sec, 0.0] if order == (0, 1) else [0.0, delay_sec]
    path.write_bytes(b''.join(_write_part(tmp_path / f'{i}.ts', i, delay_sec=delays[i]) for i in range(2)))
    _check_two(path)


def test_a_clock_that_runs_over_goes_on(tmp_path):
    path = tmp_path / 'late.ts'
    _write_part(path, 0, delay_sec=CLOCK_SEC - 1.4 - 1.0)  # the muxer begins at 1.4 s
    media = MediaFile(str(path))
    np.testing.assert_allclose(media.video.frame_times, np.arange(50) * 0.04, atol=0.03)
    assert onset_sec(media.audio.read_audio(0.0, 2.0)) == pytest.approx(1.0, abs=0.05)


def test_sound_that_ends_earlier_leaves_a_silence_before_the_next_part(tmp_path):
    path = tmp_path / 'two.ts'
    path.write_bytes(b''.join(_write_part(tmp_path / f'{i}.ts', i, sound_sec=1.5) for i in range(2)))
    _check_two(path)
    assert np.abs(MediaFile(str(path)).audio.read_audio(1.65, 1.95)).max() < 0.01


def test_decoding_stamps_that_were_reckoned_on_from_before_the_jump_are_not_believed():
    # as FFmpeg gives them for MPEG-1 without decoding stamps: one frame late, behind the jump from before it
    shown = [*range(0, 10), *range(0, 10)]
    packets = []
    for stamp, before in zip(shown, [0, *shown], strict=False):
        packet = av.Packet(b'picture')
        packet.pts, packet.dts, packet.duration = 3600 * stamp, 3600 * before, 3600
        packets.append(packet)
    joined = list(join_parts(iter(packets)))
    assert [packet.pts // 3600 for packet, _ in joined] == list(range(20))
    assert [part for _, part in joined] == [0] * 10 + [1] * 10


def test_a_pause_of_the_sound_alone_is_a_pause(tmp_path):
    path = tmp_path / 'pause.ts'
    with av.open(str(path), 'w') as out:
        video = out.add_stream('libx264', rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, 'yuv420p'
        audio = out.add_stream('mp2', rate=48000, layout='mono')
        beep = (tone(0.2, rate_hz=48000)[None] * 32767).astype(np.int16)
        for i, pixels in enumerate(counted_frames(95)):  # 19 s
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts = i
            out.mux(video.encode(frame))
            if i < 10 or i >= 80:
                block = av.AudioFrame.from_ndarray(beep, format='s16', layout='mono')
                block.sample_rate, block.time_base, block.pts = 48000, Fraction(1, 48000), i * 9600
                out.mux(audio.encode(block))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))
    sound = MediaFile(str(path)).audio
    assert onset_sec(sound.read_audio(14.0, 17.5)) == pytest.approx(2.0, abs=0.15)


def test_pictures_of_a_later_part_that_cannot_be_shown_are_left_out(tmp_path):
    options = {'bf': '2', 'sc_threshold': '1000000000', 'b_strategy': '0'}
    whole = tmp_path / 'whole.mpg'
    with av.open(str(whole), 'w') as out:
        stream = out.add_stream('mpeg2video', rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size, stream.bit_rate = 64, 48, 'yuv420p', 12, 4_000_000
        for i, pixels in enumerate(counted_frames(60)):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    tail = tmp_path / 'tail.mpg'
    with av.open(str(whole)) as source, av.open(str(tail), 'w') as out:
        packets = [packet for packet in source.demux(video=0) if packet.size]
        key = [i for i, packet in enumerate(packets) if packet.is_keyframe][2]
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in packets[key:]:
            packet.stream = copy
            out.mux(packet)
    both = tmp_path / 'both.mpg'
    both.write_bytes(whole.read_bytes() + tail.read_bytes())
    track = MediaFile(str(both)).video
    shown = [frame_index(frame) for frame in track.read_frames(range(len(track.frame_times)))]
    assert shown[:60] == list(range(60)) and shown[60:] == list(range(shown[60], 60)) and key <= shown[60] <= key + 2


def test_of_two_pictures_at_one_time_none_vanishes(tmp_path):
    path = tmp_path / 'a.mkv'
    write_media(tmp_path / 'whole.mkv', counted_frames(20), None)
    with av.open(str(tmp_path / 'whole.mkv')) as source, av.open(str(path), 'w') as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        for i, packet in enumerate(packet for packet in source.demux(video=0) if packet.size):
            packet.pts = packet.dts = packet.pts - (40 if i == 10 else 0)
            packet.stream = copy
            out.mux(packet)
    for first, span in ((0, ()), (5, (0.2,)), (9, (0.35,))):
        track = MediaFile(str(path), *span).video
        assert (np.diff(track.frame_times) > 0).all() and len(track.frame_times) == 20 - first
        assert [frame_index(f) for f in track.read_frames(range(20 - first))] == list(range(first, 20))
