"""Old avi files: pictures packed two to a chunk, and pictures whose stamps are those of decoding."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import MediaFile
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, encode_video, frame_index, write_media

VOP, USER_DATA = b'\0\0\1\xb6', b'\0\0\1\xb2'
STAY = {'sc_threshold': '1000000000', 'b_strategy': '0'}


def _type(data: bytes) -> str:
    return 'IPBS'[data[data.index(VOP) + 4] >> 6]


def _not_coded(data: bytes) -> bytes:
    """Return a picture that says no more than that it stays as the one in `data`."""
    bits = ''.join(f'{byte:08b}' for byte in data[data.index(VOP) + 4 :][:8])
    end = bits.index('0', 2) + 1 + 1 + 5 + 1  # coding type, seconds in unary, marker, 25ths, marker
    bits = '01' + bits[2:end] + '0'  # P, vop_coded = 0
    bits += '0' + '1' * (-(len(bits) + 1) % 8)
    return VOP + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def _pack(source: Path, target: Path) -> None:
    """Write MPEG-4 with B-frames as DivX 5 and Xvid do: each reference frame and the B-frame behind it in one chunk."""
    with av.open(str(source)) as whole, av.open(str(target), 'w') as out:
        stream = whole.streams.video[0]
        copy = out.add_stream_from_template(stream)
        pictures = [bytes(packet) for packet in whole.demux(stream) if packet.size]
        head = pictures[0].index(VOP)
        pictures[0] = pictures[0][:head] + USER_DATA + b'DivX503b1393p' + pictures[0][head:]
        chunks, packed = [], 0
        while pictures:
            picture = pictures.pop(0)
            if _type(picture) != 'B' and pictures and _type(pictures[0]) == 'B':
                chunks.append((picture + pictures.pop(0), picture))
                packed += 1
                while pictures and _type(pictures[0]) == 'B':
                    chunks.append((pictures[0], pictures.pop(0)))
                chunks.append((_not_coded(picture), _not_coded(picture)))
            else:
                chunks.append((picture, picture))
        assert packed > 10
        for place, (data, first) in enumerate(chunks):
            packet = av.Packet(data)
            packet.pts = packet.dts = place
            packet.time_base, packet.duration, packet.stream = Fraction(1, 25), 1, copy
            packet.is_keyframe = _type(first) == 'I'
            out.mux(packet)


@pytest.mark.parametrize('b_frames', ['1', '2'])
def test_packed_pictures_come_in_the_order_in_which_they_are_shown(tmp_path, b_frames):
    encode_video(tmp_path / 'whole.avi', counted_frames(73), {'bf': b_frames, **STAY}, codec='mpeg4', gop=12)
    path = tmp_path / 'packed.avi'
    _pack(tmp_path / 'whole.avi', path)
    track = MediaFile(str(path)).video
    np.testing.assert_allclose(np.diff(track.frame_times), 0.04)
    assert [frame_index(frame) for frame in track.read_frames(range(73))] == list(range(73))
    for index in (50, 11, 12, 13, 24, 72):
        assert frame_index(track.read_frames([index])[0]) == index
    first = int(np.searchsorted(track.frame_times, 1.5 - 1e-6))
    part = MediaFile(str(path), 1.5, 2.5).video
    np.testing.assert_allclose(part.frame_times, track.frame_times[first : first + 25])
    assert [frame_index(frame) for frame in part.read_frames([0, 1, 24])] == [first, first + 1, first + 24]


@pytest.mark.parametrize('codec', ['mpeg4', 'libx264', 'mpeg2video', 'msmpeg4', 'mjpeg'])
@pytest.mark.parametrize('b_frames', ['0', '2'])
def test_pictures_of_avi_come_in_the_order_in_which_they_are_shown(tmp_path, codec, b_frames):
    if b_frames == '2' and codec in ('msmpeg4', 'mjpeg'):
        pytest.skip('has no B-frames')
    path = tmp_path / 'a.avi'
    if codec == 'mjpeg':
        write_media(path, counted_frames(73), None, codecs=('mjpeg', ''), pixels='yuvj420p')
    else:
        more = {'crf': '10', 'preset': 'medium'} if codec == 'libx264' else STAY
        encode_video(path, counted_frames(73), {'bf': b_frames, **more}, codec=codec, gop=12)
    whole = MediaFile(str(path)).video
    times, count = whole.frame_times, len(whole.frame_times)
    shown = [frame_index(frame) for frame in whole.read_frames(range(count))]
    assert shown == sorted(set(shown)) and count >= 71  # a muxer may leave out the last ones
    for index in (50, 11, 12, 13, 24, count - 1):
        assert frame_index(whole.read_frames([index])[0]) == shown[index]
    part = MediaFile(str(path), 1.5, 2.5).video
    first = int(np.searchsorted(times, 1.5 - 1e-6))
    assert [frame_index(frame) for frame in part.read_frames([0, 1, 7])] == [shown[first + i] for i in (0, 1, 7)]


def test_h264_in_avi_is_decoded_from_a_picture_that_nothing_looks_behind(tmp_path):
    options = {'bf': '3', 'crf': '10', 'x264-params': 'keyint=20:scenecut=0:b-pyramid=strict'}
    path = encode_video(tmp_path / 'a.avi', counted_frames(80), options, gop=20)
    track = MediaFile(str(path)).video
    fed, feed = [], track._feed
    track._feed = lambda position, *rest: (fed.append(position), feed(position, *rest))
    assert [frame_index(frame) for frame in track.read_frames([45, 62])] == [45, 62]
    assert min(fed) == 40


def test_h264_in_avi_of_which_a_picture_is_missing_is_refused(tmp_path):
    options = {'bf': '3', 'crf': '10', 'x264-params': 'keyint=20:scenecut=0'}
    path = encode_video(tmp_path / 'a.avi', counted_frames(80), options, gop=20)
    track = MediaFile(str(path)).video
    del track._packets[30]
    with pytest.raises(ClipError, match='order of the video frames|cannot be decoded|damaged'):
        track.read_frames(range(80))


def test_frames_of_vp8_that_are_only_built_on_are_not_counted(tmp_path):
    path = write_media(tmp_path / 'a.webm', counted_frames(20), None, codecs=('libvpx', ''))
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    place = content.index(packets[7])
    content[place] &= ~0x10  # show_frame
    path.write_bytes(content)
    track = MediaFile(str(path)).video
    assert [frame_index(frame) for frame in track.read_frames(range(19))] == [*range(7), *range(8, 20)]
