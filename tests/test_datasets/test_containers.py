"""Only containers of media are opened, and no file but the one that is named."""

import gc
import os
import socket
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from mmavf.datasets.media import FrameFolder, MediaFile
from mmavf.datasets.media.limits import MAX_PICTURE_PIXELS
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, frame_index, onset_sec, tone, write_folder, write_media

PLAYLISTS = {
    'hls': '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nplain.ts\n#EXT-X-ENDLIST\n',
    'concat': 'ffconcat version 1.0\nfile plain.ts\n',
    'dash': '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>\n',
    'sdp': 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n',
    'subtitles': '1\n00:00:00,000 --> 00:00:01,000\nhello\n\n2\n00:00:01,000 --> 00:00:02,000\nhello\n',
    'ffmetadata': ';FFMETADATA1\ntitle=plain.ts\n',
}


@pytest.mark.parametrize('kind', PLAYLISTS)
@pytest.mark.parametrize('suffix', ['m3u8', 'mp4', 'txt'])
def test_texts_that_name_other_files_are_not_media(tmp_path, kind, suffix):
    write_media(tmp_path / 'plain.ts', counted_frames(10), None)
    path = tmp_path / f'list.{suffix}'
    path.write_text(PLAYLISTS[kind])
    with pytest.raises(ClipError, match=f'list.{suffix}: cannot be opened as media'):
        MediaFile(str(path))


def test_a_picture_is_no_video(tmp_path):
    for suffix in ('png', 'jpg', 'bmp'):
        path = tmp_path / f'a.{suffix}'
        cv2.imwrite(str(path), counted_frames(1)[0])
        with pytest.raises(ClipError, match='playlists, pictures and texts are not supported'):
            MediaFile(str(path))


def test_a_size_that_no_packet_has_is_called_damage(tmp_path):
    path = write_media(tmp_path / 'a.mp4', counted_frames(10), None)
    content = bytearray(path.read_bytes())
    first = content.index(b'stsz') + 16  # behind the name, version and flags, the size of all samples, and their number
    content[first] = 0x20
    path.write_bytes(content)
    with pytest.raises(ClipError, match=r'a\.mp4: cannot be opened as media \(damaged or huge: it needs more'):
        MediaFile(str(path))


def test_a_name_that_looks_like_a_pattern_or_protocol_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('a%03d.mp4', 'concat:a.mp4', 'data:b.mp4', '-.mp4'):
        write_media(tmp_path / 'a.mkv', counted_frames(5), None)
        (tmp_path / name).write_bytes((tmp_path / 'a.mkv').read_bytes())
        assert len(MediaFile(name).video.frame_times) == 5


@pytest.mark.parametrize('kind', ['pipe', 'link to a pipe', 'device', 'socket', 'folder'])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / '1.mp4'
    if 'pipe' in kind:
        os.mkfifo(tmp_path / 'pipe')
        path.symlink_to(tmp_path / 'pipe')
    elif kind == 'device':
        path.symlink_to('/dev/zero')
    elif kind == 'folder':
        path.mkdir()
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.path.relpath(path))  # paths of sockets are short
    with pytest.raises(ClipError, match=r'1\.mp4: is not a regular file but a (pipe|device|socket|folder)'):
        MediaFile(str(path))


def test_a_pipe_among_the_images_is_refused_at_once(tmp_path):
    folder = write_folder(tmp_path / 'frames', counted_frames(3))
    (folder / '0002.jpg').unlink()
    os.mkfifo(folder / '0002.jpg')
    with pytest.raises(ClipError, match=r'0002\.jpg: is not a regular file but a pipe'):
        FrameFolder(str(folder), 25, None).read_frames([0, 1])


def test_a_pointer_of_git_lfs_is_called_that(tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n')
    with pytest.raises(ClipError, match='Git LFS pointer'):
        MediaFile(str(path))


def _with_cover(path: Path, video: bool) -> Path:
    """Write sound, a cover picture in front of it, and maybe video."""
    write_media(path.with_suffix('.plain.mp4'), counted_frames(20) if video else None, tone(2.0, onset_sec=1.0))
    cover = cv2.imencode('.jpg', np.full((400, 400, 3), 77, np.uint8))[1].tobytes()
    with av.open(str(path.with_suffix('.plain.mp4'))) as source, av.open(str(path), 'w') as out:
        picture = out.add_stream('mjpeg', rate=1)
        picture.width, picture.height, picture.pix_fmt = 400, 400, 'yuvj420p'
        picture.disposition = Disposition.attached_pic
        copies = {s.index: out.add_stream_from_template(s) for s in source.streams}
        packet = av.Packet(cover)
        packet.pts = packet.dts = 0
        packet.stream, packet.is_keyframe, packet.time_base = picture, True, Fraction(1, 1)
        out.mux(packet)
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return path


@pytest.mark.parametrize('suffix', ['mp4', 'mov'])
def test_a_cover_picture_is_no_video(tmp_path, suffix):
    media = MediaFile(str(_with_cover(tmp_path / f'talk.{suffix}', video=False)))
    assert media.video is None
    assert onset_sec(media.audio.read_audio(0.0, 2.0)) == pytest.approx(1.0, abs=0.1)


def test_a_video_with_a_cover_picture_is_the_video(tmp_path):
    track = MediaFile(str(_with_cover(tmp_path / 'talk.mp4', video=True))).video
    assert [frame_index(frame) for frame in track.read_frames(range(20))] == list(range(20))


def test_more_pixels_than_there_is_memory_for_are_refused(tmp_path):
    path = write_media(tmp_path / 'a.avi', counted_frames(5), None, codecs=('mjpeg', ''), pixels='yuvj420p')
    content = bytearray(path.read_bytes())
    place = content.index(b'\xff\xc0') + 5
    assert content[place : place + 4] == bytes([0, 48, 0, 64])
    for place in [i for i in range(len(content)) if content[i : i + 2] == b'\xff\xc0']:
        content[place + 5 : place + 9] = bytes([0xFF, 0xDC, 0xFF, 0xDC])
    path.write_bytes(content)
    with pytest.raises(ClipError, match='pixels|cannot be decoded'):
        MediaFile(str(path)).video.read_frames([0])


def test_a_large_picture_is_refused_by_its_size(tmp_path, monkeypatch):
    path = write_media(tmp_path / 'a.mp4', counted_frames(5), None)
    monkeypatch.setattr('mmavf.datasets.media.picture_shape.MAX_PICTURE_PIXELS', 64 * 48 - 1)
    with pytest.raises(ClipError, match='64 x 48 pixels'):
        MediaFile(str(path))
    assert MAX_PICTURE_PIXELS >= 7680 * 4320


def test_a_window_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    path = write_media(tmp_path / 'a.mp4', counted_frames(20), None)
    folder = write_folder(tmp_path / 'frames', counted_frames(20))
    monkeypatch.setattr('mmavf.datasets.media.windows.MAX_WINDOW_PIXELS', 10 * 64 * 48)
    for track in (MediaFile(str(path)).video, FrameFolder(str(folder), 25, None)):
        assert len(track.read_frames([*range(10), 3, 3])) == 12
        with pytest.raises(ClipError, match='a window of 11 frames of 64 x 48 pixels exceeds'):
            track.read_frames(range(11))
        assert sum(1 for _ in track.iter_frames(range(20))) == 20


@pytest.mark.parametrize('suffix', ['mp4', 'mkv', 'ts', 'avi'])
def test_what_was_read_is_freed_without_the_collector(tmp_path, suffix):
    codecs = ('mpeg4', 'libmp3lame') if suffix == 'avi' else ('libx264', 'aac')
    sound = tone(1.2, rate_hz=44100)
    path = write_media(tmp_path / f'a.{suffix}', counted_frames(30), sound, codecs=codecs, rate_hz=44100)
    gc.collect()
    gc.disable()
    try:
        media = MediaFile(str(path), 0.3)
        media.video.read_frames([0, 5])
        media.audio.read_audio(0.5, 1.0)
        assert str(path) not in [os.path.realpath(f'/proc/self/fd/{name}') for name in os.listdir('/proc/self/fd')]
        del media
        assert gc.collect() == 0
    finally:
        gc.enable()
