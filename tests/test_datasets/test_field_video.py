"""Videos as recorders, broadcasts and old programs leave them are read as players show them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, frame_index, write_media

OPEN_GOPS = {
    'h264': ('libx264', {'x264-params': 'keyint=25:open-gop=1:bframes=3:scenecut=0:b-adapt=0', 'crf': '10'}),
    'hevc': ('libx265', {'x265-params': 'keyint=25:open-gop=1:bframes=3:scenecut=0:b-adapt=0:crf=10:log-level=none'}),
    'mpeg2': ('mpeg2video', {'bf': '2', 'sc_threshold': '1000000000'}),
}


def _noisy(count: int, height: int = 96, width: int = 128) -> np.ndarray:
    noise = np.random.default_rng(0).integers(-10, 10, (count, height, width, 3))  # or all blocks would be skipped
    return (counted_frames(count, height, width) + noise).clip(0, 255).astype(np.uint8)


def _encode(path: Path, frames: np.ndarray, codec: str, gop: int = 25, options: dict[str, str] | None = None) -> Path:
    with av.open(str(path), 'w') as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt, stream.gop_size = *frames.shape[1:3], 'yuv420p', gop
        stream.bit_rate = 4_000_000
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _copy(source: Path, target: Path, first: int = 0, last: int | None = None, **options: str) -> list[av.Packet]:
    """Copy packets [first, last) of the video without decoding them, as players' "cut here" does."""
    with av.open(str(source)) as whole, av.open(str(target), 'w', options=options) as out:
        stream = whole.streams.video[0]
        packets = [packet for packet in whole.demux(stream) if packet.size]
        copy = out.add_stream_from_template(stream)
        for packet in packets[first:last]:
            packet.stream = copy
            out.mux(packet)
    return packets


def _keys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return [i for i, packet in enumerate(packets) if packet.is_keyframe]


def _shown(path: Path, *span: float) -> list[int]:
    track = MediaFile(str(path), *span).video
    assert (np.diff(track.frame_times) > 0).all()
    return [frame_index(frame) for frame in track.read_frames(range(len(track.frame_times)))]


@pytest.mark.parametrize(('kind', 'suffix'), [
    *((kind, suffix) for kind in OPEN_GOPS for suffix in ('ts', 'mts', 'mkv')),
    *(('mpeg2', suffix) for suffix in ('mpg', 'vob')),
])  # fmt: skip
@pytest.mark.parametrize('before', [0, 9])
def test_pictures_that_lack_what_they_build_on_are_not_counted(tmp_path, kind, suffix, before):
    codec, options = OPEN_GOPS[kind]
    whole = _encode(tmp_path / 'whole.ts', _noisy(75), codec, 25, options)
    key = _keys(whole)[1]
    _copy(whole, tmp_path / f'part.{suffix}', key - before)
    shown = _shown(tmp_path / f'part.{suffix}')
    # the key frame is shown behind the B-frames that follow it in the file
    assert shown == list(range(shown[0], 75)) and key <= shown[0] <= key + 3
    with av.open(str(tmp_path / f'part.{suffix}')) as container:
        container.streams.video[0].thread_count = 1
        last = [frame_index(frame.to_ndarray(format='rgb24')) for frame in container.decode(video=0)][-len(shown) :]
    assert last == shown


@pytest.mark.parametrize('kind', OPEN_GOPS)
def test_a_file_that_begins_whole_loses_nothing_and_is_not_decoded_when_it_is_opened(tmp_path, kind, monkeypatch):
    codec, options = OPEN_GOPS[kind]
    path = _encode(tmp_path / 'whole.ts', _noisy(60), codec, 25, options)
    monkeypatch.setattr('mmavf.datasets.media.leading._find_first', None)
    assert _shown(path) == list(range(60))
    assert _shown(path, 1.0, 2.0) == list(range(25, 50))


def test_leading_pictures_of_a_closed_group_stay(tmp_path):
    options = {'bf': '2', 'flags': '+cgop', 'sc_threshold': '1000000000', 'b_strategy': '0'}
    whole = _encode(tmp_path / 'whole.ts', _noisy(60), 'mpeg2video', 12, options)
    key = _keys(whole)[1]
    _copy(whole, tmp_path / 'part.ts', key)
    assert _shown(tmp_path / 'part.ts') == list(range(key, 60))


@pytest.mark.parametrize('begin', [0.31, 0.5, 0.77])
def test_a_stream_received_from_somewhere_on_is_shown_from_its_first_whole_picture(tmp_path, begin):
    codec, options = OPEN_GOPS['h264']
    content = _encode(tmp_path / 'whole.ts', _noisy(90), codec, 15, options).read_bytes()
    place = int(len(content) * begin) // 188 * 188
    tables = content[: 3 * 188]  # a receiver knows the programme
    (tmp_path / 'part.ts').write_bytes(tables + content[place:])
    shown = _shown(tmp_path / 'part.ts')
    assert shown == list(range(shown[0], 90)) and 90 * begin - 8 < shown[0] < 90 * begin + 30


def test_messages_name_the_time_of_the_clip(tmp_path):
    codec, options = OPEN_GOPS['h264']
    whole = _encode(tmp_path / 'whole.ts', _noisy(75), codec, 25, options)
    _copy(whole, tmp_path / 'part.ts', _keys(whole)[1])
    track = MediaFile(str(tmp_path / 'part.ts')).video
    del track._packets[12:16]
    with pytest.raises(ClipError, match=r'at 0\.[0-9]+ s could not be decoded|cannot be decoded|damaged'):
        track.read_frames(range(len(track.frame_times)))


@pytest.fixture(scope='module')
def refreshed(tmp_path_factory):
    """H.264 that is rebuilt strip by strip: of its key frames only the first is one that decoding can begin with."""
    path = tmp_path_factory.mktemp('refreshed') / 'a.mp4'
    options = {'x264-params': 'intra-refresh=1:keyint=25:scenecut=0', 'crf': '10'}
    _encode(path, _noisy(90), 'libx264', 25, options)
    assert len(_keys(path)) > 2
    return path


@pytest.mark.parametrize('start', [0.6, 1.0, 1.02, 2.3])
def test_intra_refresh_is_read_from_any_start(refreshed, start):
    first = int(np.ceil(start * 25))
    whole = MediaFile(str(refreshed)).video
    track = MediaFile(str(refreshed), start, 3.2).video
    for wanted in ([0], list(range(0, len(track.frame_times), 3))):
        for frame, index in zip(track.read_frames(wanted), wanted, strict=True):
            assert frame_index(frame) == first + index
            np.testing.assert_array_equal(frame, whole.read_frames([first + index])[0])


def test_intra_refresh_cut_in_the_middle_is_shown_from_where_it_is_rebuilt(tmp_path, refreshed):
    _copy(refreshed, tmp_path / 'part.mp4', _keys(refreshed)[1])
    track = MediaFile(str(tmp_path / 'part.mp4')).video
    shown = _shown(tmp_path / 'part.mp4')
    assert shown[-1] == 89 and shown == list(range(shown[0], 90)) and shown[0] > _keys(refreshed)[1]
    assert len(track.frame_times) == len(shown)


@pytest.mark.parametrize('suffix', ['mp4', 'mkv', 'ts', 'mpg'])
@pytest.mark.parametrize('start', [0.2, 0.97, 1.52])
def test_a_start_inside_a_group_of_pictures_is_decoded_from_the_key_frame_before(tmp_path, suffix, start):
    codec = 'mpeg2video' if suffix == 'mpg' else 'libx264'
    path = write_media(tmp_path / f'a.{suffix}', counted_frames(60), None, codecs=(codec, ''), gop=20, b_frames=2)
    times = MediaFile(str(path)).video.frame_times
    first = int(np.searchsorted(times, start - 1e-6))
    assert _shown(path, start) == list(range(first, 60))
    assert _shown(path, start, start + 0.2) == list(range(first, first + 5))


def _join_sizes(path: Path, sizes: list[tuple[int, int]], codec: str = 'libvpx') -> Path:
    """Write VP8 whose picture changes its size after every 20 frames, as calls in browsers are recorded."""
    packets, extra = [], None
    for place, (width, height) in enumerate(sizes):
        part = _encode(path.with_suffix(f'.{place}.webm'), counted_frames(100, height, width)[20 * place :][:20], codec)
        with av.open(str(part)) as source:
            extra = extra or source.streams.video[0].codec_context.name
            packets += [bytes(packet) for packet in source.demux(video=0) if packet.size]
    with av.open(str(path.with_suffix('.0.webm'))) as first, av.open(str(path), 'w') as out:
        stream = out.add_stream_from_template(first.streams.video[0])
        for place, data in enumerate(packets):
            packet = av.Packet(data)
            packet.pts = packet.dts = place * 40
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 1000), stream, place % 20 == 0
            out.mux(packet)
    return path


@pytest.mark.parametrize('codec', ['libvpx', 'libvpx-vp9'])
@pytest.mark.parametrize('sizes', [[(160, 120), (320, 240), (640, 480)], [(640, 480), (320, 240), (162, 122)]])
def test_all_pictures_have_the_size_of_the_first_whatever_part_is_read(tmp_path, codec, sizes):
    path = _join_sizes(tmp_path / 'a.webm', sizes, codec)
    width, height = sizes[0]
    for span in [(), (0.9,), (1.7,), (0.9, 1.2)]:
        track = MediaFile(str(path), *span).video
        frames = track.read_frames(range(len(track.frame_times)))
        first = round(span[0] * 25 + 0.49) if span else 0
        assert {frame.shape for frame in frames} == {(height, width, 3)}
        assert [frame_index(frame) for frame in frames] == list(range(first, first + len(frames)))


def test_a_picture_that_changes_its_shape_is_refused_by_name(tmp_path):
    path = _join_sizes(tmp_path / 'turned.webm', [(160, 120), (120, 160)])
    track = MediaFile(str(path)).video
    assert track.read_frames([0, 19])[1].shape == (120, 160, 3)
    with pytest.raises(ClipError, match=r'turned\.webm: .*from 160 x 120 to 120 x 160'):
        track.read_frames([0, 25])
    with pytest.raises(ClipError, match=r'from 160 x 120 to 120 x 160'):  # in whatever window
        MediaFile(str(path), 0.9).video.read_frames([0])


def test_the_size_of_vp8_is_that_of_its_first_picture_not_of_the_header(tmp_path):
    path = _join_sizes(tmp_path / 'a.webm', [(320, 240), (160, 120)])
    content = path.read_bytes()
    assert content.count(b'\xb0\x82\x01\x40') == 1
    path.write_bytes(content.replace(b'\xb0\x82\x01\x40', b'\xb0\x82\x02\x80'))  # the width in the header: 640
    assert {frame.shape for frame in MediaFile(str(path)).video.read_frames([0, 30])} == {(240, 320, 3)}


def _disc(height: int, width: int, ratio: float) -> np.ndarray:
    """Return one picture (1, H, W, 3) of a disc that is round where pixels are `ratio` times as wide as high."""
    rows, columns = np.mgrid[:height, :width]
    inside = np.hypot((columns - (width - 1) / 2) * ratio, rows - (height - 1) / 2) < 0.35 * height
    return np.repeat(np.where(inside, 255, 0)[None, ..., None], 3, axis=3).astype(np.uint8)


def _write_ratio(path: Path, picture: np.ndarray, ratio: Fraction, codec: str, rotation: int = 0) -> Path:
    with av.open(str(path), 'w') as out:
        stream = out.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *picture.shape[1:3], 'yuv420p'
        stream.codec_context.sample_aspect_ratio = ratio
        stream.bit_rate = 4_000_000
        if rotation:
            stream.set_display_rotation(rotation)
        for index in range(10):
            frame = av.VideoFrame.from_ndarray(picture[0], format='rgb24')
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize('ratio', [Fraction(4, 3), Fraction(16, 15), Fraction(12, 11), Fraction(8, 9), Fraction(2, 1)])
@pytest.mark.parametrize(('suffix', 'codec'), [
    ('mp4', 'libx264'), ('mts', 'libx264'), ('mkv', 'libx264'), ('mov', 'mpeg4'), ('avi', 'mpeg4'),
])  # fmt: skip
def test_a_disc_is_round_whatever_shape_the_pixels_have(tmp_path, ratio, suffix, codec):
    path = _write_ratio(tmp_path / f'a.{suffix}', _disc(144, 160, float(ratio)), ratio, codec)
    (frame,) = MediaFile(str(path)).video.read_frames([3])
    inside = frame[..., 0] > 128
    wide, high = inside.any(0).sum(), inside.any(1).sum()
    assert frame.shape == (144, round(160 * ratio), 3) and abs(wide - high) <= 2 and high > 90


@pytest.mark.parametrize(('shape', 'ratio'), [((576, 720), Fraction(16, 15)), ((576, 720), Fraction(64, 45))])
def test_a_dvd_is_shown_at_its_ratio(tmp_path, shape, ratio):
    path = _write_ratio(tmp_path / 'a.vob', _disc(*shape, float(ratio)), ratio, 'mpeg2video')
    (frame,) = MediaFile(str(path)).video.read_frames([0])
    inside = frame[..., 0] > 128
    assert frame.shape == (576, round(720 * ratio), 3) and abs(int(inside.any(0).sum()) - inside.any(1).sum()) <= 4


@pytest.mark.parametrize('turn', [90, 270])
def test_rotation_and_the_shape_of_pixels_agree(tmp_path, turn):
    stored = _disc(144, 160, 4 / 3)
    path = _write_ratio(tmp_path / 'a.mp4', stored, Fraction(4, 3), 'libx264', rotation=turn)
    (frame,) = MediaFile(str(path)).video.read_frames([0])
    inside = frame[..., 0] > 128
    assert frame.shape == (213, 144, 3) and abs(int(inside.any(0).sum()) - inside.any(1).sum()) <= 2


@pytest.mark.parametrize('ratio', [Fraction(1281, 1280), Fraction(98, 100), Fraction(1, 200), Fraction(250, 1)])
def test_ratios_of_rounding_and_of_damage_change_nothing(tmp_path, ratio):
    path = _write_ratio(tmp_path / 'a.mp4', counted_frames(1), ratio, 'libx264')
    plain = write_media(tmp_path / 'b.mp4', counted_frames(1), None)
    frame = MediaFile(str(path)).video.read_frames([0])[0]
    assert frame.shape == MediaFile(str(plain)).video.read_frames([0])[0].shape


def test_colours_do_not_depend_on_what_was_read_before(tmp_path):
    frames = np.repeat(np.arange(40, dtype=np.uint8) * 4 + 40, 96 * 128 * 3).reshape(40, 96, 128, 3)
    parts = [
        _encode(tmp_path / f'{i}.ts', frames[20 * i :][:20], 'libx264', options={'x264-params': options})
        for i, options in enumerate(('bframes=0', 'bframes=0:fullrange=on'))
    ]
    path = tmp_path / 'two.ts'
    path.write_bytes(b''.join(part.read_bytes() for part in parts))
    track, fresh = MediaFile(str(path)).video, MediaFile(str(path)).video
    (first,) = fresh.read_frames([0])
    track.read_frames([len(track.frame_times) - 1])
    np.testing.assert_array_equal(track.read_frames([0])[0], first)
