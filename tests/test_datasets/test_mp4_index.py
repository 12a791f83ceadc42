"""Frames that are found by the index of an mp4 are those of listing its packets, and only plain files are read so."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile
from mmavf.datasets.media.indexed_video import IndexedVideo
from mmavf.datasets.media.media_source import MediaSource
from mmavf.datasets.transforms import OpenClip
from mmavf.errors import ClipError
from mmavf.preparation.packs.mp4 import Mp4Pack

from ..helpers.media import counted_frames, encode_video, frame_index, tone, write_media, write_wav

COUNT = 60
NOISE = np.random.default_rng(0).integers(0, 255, (COUNT, 6, 8, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2)
PLAIN = {'x264-params': 'keyint=12:bframes=0:scenecut=0'}
# Options of x264 and of the container.
FOUND = {
    'plain': (PLAIN, {}),
    'index_first': (PLAIN, {'movflags': 'faststart'}),
    'no_edit_list': (PLAIN, {'use_editlist': '0'}),
    'one_group': ({'x264-params': 'keyint=300:bframes=0:scenecut=0'}, {}),
    'all_keys': ({'x264-params': 'keyint=1:bframes=0'}, {}),
    'one_reference': ({'x264-params': 'keyint=12:min-keyint=6:bframes=0:ref=1:scenecut=40'}, {}),
    'baseline': ({'profile': 'baseline', 'g': '15'}, {}),
}
LISTED = {
    'b_frames': ({'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}, {}),
    'open_groups': ({'x264-params': 'keyint=12:bframes=3:b-adapt=0:open-gop=1:scenecut=0'}, {}),
    'b_frames_no_edit_list': ({'x264-params': 'keyint=12:bframes=2:b-adapt=0'}, {'use_editlist': '0'}),
    'negative_offsets': ({'x264-params': 'keyint=12:bframes=2:b-adapt=0'}, {'movflags': 'negative_cts_offsets'}),
    'messages': ({'x264-params': 'keyint=12:bframes=0:pic-struct=1:nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900'}, {}),
    'fragments': (PLAIN, {'movflags': 'frag_keyframe+empty_moov'}),
    'fragments_behind': (PLAIN, {'movflags': 'frag_keyframe'}),
    'fragments_default_base': (PLAIN, {'movflags': 'frag_every_frame+empty_moov+default_base_moof'}),
}
REFRESH = {'x264-params': 'intra-refresh=1:keyint=20:bframes=0:scenecut=0'}


@pytest.fixture
def make(tmp_path):
    """Write NOISE with options by name."""

    def write(name: str) -> str:
        options, container = (FOUND | LISTED)[name]
        return encode_video(tmp_path / f'{name}.mp4', NOISE, options, container)

    return write


def _both_ways(path: str, monkeypatch: pytest.MonkeyPatch) -> tuple:
    video = _open(path)
    with monkeypatch.context() as patch:
        patch.setattr(MediaSource, 'indexed_video', lambda source: None)
        return video, _open(path)


def _open(path: str) -> object:
    try:
        return MediaFile(path, kinds=('video',)).video
    except ClipError as error:
        return str(error)


def _assert_same(mine: object, other: object) -> None:
    """Compare two readers frame by frame, in several ways of asking; or two messages."""
    if isinstance(other, str):
        assert mine == other
        return
    assert mine.frame_times.dtype == other.frame_times.dtype
    np.testing.assert_array_equal(mine.frame_times, other.frame_times)
    count = len(mine.frame_times)
    for wanted in (range(count), range(count // 2, count, 4), [count - 1, 0, count // 3, 0], [], [count - 1]):
        frames = _frames(mine, wanted), _frames(other, wanted)
        for pair in zip(*frames, strict=True):
            np.testing.assert_array_equal(*pair)


def _frames(video: object, wanted: list[int]) -> list[np.ndarray]:
    try:
        return video.read_frames(wanted)
    except ClipError as error:
        return [np.array(str(error))]


@pytest.mark.parametrize('name', FOUND)
def test_frames_of_plain_files_are_found_by_the_index(make, name, monkeypatch):
    mine, other = _both_ways(make(name), monkeypatch)
    assert isinstance(mine, IndexedVideo)
    monkeypatch.setattr(mine, '_list_packets', None)  # they are not listed after all
    _assert_same(mine, other)


@pytest.mark.parametrize('name', LISTED)
def test_packets_of_other_files_are_listed(make, name, monkeypatch):
    mine, other = _both_ways(make(name), monkeypatch)
    assert not isinstance(mine, IndexedVideo)
    _assert_same(mine, other)


def test_packets_are_listed_when_one_of_them_turns_out_to_be_unusual(tmp_path, monkeypatch):
    mine, other = _both_ways(encode_video(tmp_path / 'a.mp4', NOISE, REFRESH), monkeypatch)
    assert isinstance(mine, IndexedVideo)
    _assert_same(mine, other)
    assert mine._listed is not None


@pytest.mark.parametrize('times', ['constant', 'variable', 'fast'])
def test_packs_are_read_by_their_index(tmp_path, times, monkeypatch):
    times_sec = {
        'constant': np.arange(COUNT) / 25,
        'variable': np.random.default_rng(1).uniform(0.01, 0.3, COUNT).cumsum(),
        'fast': np.arange(COUNT) / 200,
    }[times]
    times_sec = times_sec - times_sec[0]
    Mp4Pack().write(tmp_path / 'clip', counted_frames(COUNT), times_sec)
    (tmp_path / 'clip').rename(tmp_path / 'clip.mp4')
    mine, other = _both_ways(str(tmp_path / 'clip.mp4'), monkeypatch)
    monkeypatch.setattr(mine, '_list_packets', None)
    _assert_same(mine, other)
    np.testing.assert_allclose(mine.frame_times, times_sec, atol=1e-5)
    assert [frame_index(frame) for frame in mine.iter_frames(range(7, COUNT, 9))] == list(range(7, COUNT, 9))


@pytest.mark.parametrize('rotation', [0, 90])
@pytest.mark.parametrize('sound', [None, 'own'])
def test_rotation_and_sound(tmp_path, rotation, sound, monkeypatch):
    path = str(tmp_path / 'a.mp4')
    write_media(tmp_path / 'a.mp4', NOISE, None if sound is None else tone(2.4), rotation=rotation)
    mine, other = _both_ways(path, monkeypatch)
    assert isinstance(mine, IndexedVideo)
    _assert_same(mine, other)
    both = MediaFile(path)
    assert isinstance(both.video, IndexedVideo) == (sound is None)  # the packets of the sound are listed with the video
    _assert_same(mine, both.video)
    assert OpenClip(('video',))(dict(video_path=path))['total_frames'] == COUNT


@pytest.mark.parametrize('first', [-7, -12, 30])
def test_edits_that_hide_pictures_or_delay_them(tmp_path, first, monkeypatch):
    path = str(tmp_path / 'a.mp4')
    with av.open(path, 'w') as out:
        stream = out.add_stream('libx264', rate=25, options=PLAIN)
        stream.height, stream.width, stream.pix_fmt = 48, 64, 'yuv420p'
        for index, pixels in enumerate(NOISE):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts, frame.time_base = index + first, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    mine, other = _both_ways(path, monkeypatch)
    assert len(other.frame_times) == COUNT + min(first, 0)
    _assert_same(mine, other)


@pytest.mark.parametrize('codec', ['mpeg4', 'libx265'])
def test_other_codecs_are_listed(tmp_path, codec, monkeypatch):
    mine, other = _both_ways(encode_video(tmp_path / 'a.mov', NOISE, {}, codec=codec), monkeypatch)
    assert not isinstance(mine, IndexedVideo)
    _assert_same(mine, other)


def test_pictures_that_are_shown_later_than_decoded(make, tmp_path, monkeypatch):
    with av.open(make('plain')) as source, av.open(str(tmp_path / 'later.mp4'), 'w') as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(source.streams.video[0])):
            if packet.size:
                packet.pts += number % 3 * (packet.duration // 4)
                packet.stream = stream
                out.mux(packet)
    mine, other = _both_ways(str(tmp_path / 'later.mp4'), monkeypatch)
    assert len({*np.diff(other.frame_times).round(4)}) == 2
    _assert_same(mine, other)


def _replace(path: str, old: bytes, new: bytes) -> None:
    content = Path(path).read_bytes()
    assert content.count(old) == 1
    Path(path).write_bytes(content.replace(old, new))


def test_a_key_in_the_index_that_is_none_is_noticed(make, monkeypatch):
    path = make('plain')
    keys = [index.to_bytes(4, 'big') for index in range(1, COUNT, 12)]
    _replace(
        path,
        b'stss' + bytes(7) + b'\5' + b''.join(keys),
        b'stss'
        + bytes(7)
        + b'\5'
        + b''.join([keys[0], *[(index + 3).to_bytes(4, 'big') for index in range(13, COUNT, 12)]]),
    )
    mine, other = _both_ways(path, monkeypatch)
    assert isinstance(mine, IndexedVideo)
    _assert_same(mine, other)


@pytest.mark.parametrize('share', [0.05, 0.5, 0.9])
def test_what_is_damaged_is_reported_as_if_packets_were_listed(make, share, monkeypatch):
    path = make('plain')
    content = bytearray(Path(path).read_bytes())
    begin = content.index(b'mdat') + 40
    place = begin + int(share * (content.index(b'moov') - begin))
    content[place : place + 300] = np.random.default_rng(0).bytes(300)
    Path(path).write_bytes(content)
    _assert_same(*_both_ways(path, monkeypatch))


@pytest.mark.parametrize('cut', [1, 100, 3000])
def test_what_is_cut_off_is_reported_as_if_packets_were_listed(make, cut, monkeypatch):
    path = make('index_first')
    os.truncate(path, os.path.getsize(path) - cut)
    mine, other = _both_ways(path, monkeypatch)
    assert not isinstance(mine, IndexedVideo)
    _assert_same(mine, other)


def test_what_happens_to_the_file_afterwards_does_not_matter(make):
    path = make('plain')
    video, expected = _open(path), _open(path).read_frames(range(COUNT))
    Path(path).write_bytes(b'something else')
    for mine, other in zip(video.read_frames(range(COUNT)), expected, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_only_needed_packets_are_read(make, monkeypatch):
    video, made = _open(make('plain')), []
    packet = type(video._index).packet
    monkeypatch.setattr(type(video._index), 'packet', lambda index, n, key: made.append(n) or packet(index, n, key))
    video.read_frames([14, 40, 41])
    assert made == [12, 13, 14, 36, 37, 38, 39, 40, 41]


def test_a_pack_beside_its_wav_is_opened_by_its_index(tmp_path):
    Mp4Pack().write(tmp_path / 'a.mp4', counted_frames(COUNT), np.arange(COUNT) / 25)
    write_wav(tmp_path / 'a.wav', tone(2.4))
    clip = OpenClip()(dict(video_path=str(tmp_path / 'a.mp4'), audio_path=str(tmp_path / 'a.wav')))
    assert isinstance(clip['video_reader'], IndexedVideo) and clip['audio_reader'].duration_sec == 2.4


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_packs_of_real_clips_are_read_by_their_index(tmp_path, monkeypatch):
    for number, source in enumerate(sorted(Path(os.environ['MMAVF_MEDIA']).glob('grid/*.mpg'))[:4]):
        video = MediaFile(str(source), kinds=('video',)).video
        frames = video.read_frames(range(len(video.frame_times)))
        Mp4Pack().write(tmp_path / f'{number}.mp4', frames, video.frame_times - video.frame_times[0])
        mine, other = _both_ways(str(tmp_path / f'{number}.mp4'), monkeypatch)
        monkeypatch.setattr(mine, '_list_packets', None)
        _assert_same(mine, other)
