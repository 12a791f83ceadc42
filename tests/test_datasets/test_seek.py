"""A part that is read behind a seek is, packet by packet, that of reading from the beginning."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mmavf.datasets.media import LongMedia, MediaFile, demux
from mmavf.datasets.media.media_source import MediaSource
from mmavf.datasets.media.open_container import open_container
from mmavf.errors import ClipError

from ..helpers.media import tone

_X264 = 'keyint=12:scenecut=0:bframes=3:b-adapt=0'
_SEEK_FROM_SEC, _FPS, _COUNT = 1.5, 25, 150
# Encoder, its options, codec of the sound, options of the container, start of the sound, its length in seconds.
FILES = {
    'closed.mp4': ('libx264', {'x264-params': _X264}, 'aac', {}, 0, 6),
    'open.mp4': ('libx264', {'x264-params': f'{_X264}:open-gop=1'}, 'libopus', {}, 0, 6.5),
    'open.mkv': ('libx264', {'x264-params': f'{_X264}:open-gop=1'}, 'libopus', {}, 0, 6.5),
    'open.mov': ('libx264', {'x264-params': f'{_X264}:open-gop=1'}, 'pcm_s16le', {'movflags': 'faststart'}, 0, 6),
    'one_group.mp4': ('libx264', {'x264-params': 'keyint=300:scenecut=0'}, 'aac', {}, 0, 6),
    'one_group.mkv': ('libx264', {'x264-params': 'keyint=300:scenecut=0'}, 'aac', {}, 0, 6),
    'refresh.mp4': ('libx264', {'x264-params': 'intra-refresh=1:keyint=20:scenecut=0'}, 'aac', {}, 0, 6),
    'refresh.mkv': ('libx264', {'x264-params': 'intra-refresh=1:keyint=20:scenecut=0'}, 'aac', {}, 0, 6),
    'hevc.mp4': ('libx265', {'x265-params': f'{_X264}:open-gop=1:log-level=none'}, 'aac', {}, 0, 6),
    'hevc.mkv': ('libx265', {'x265-params': f'{_X264}:open-gop=1:log-level=none'}, 'aac', {}, 0, 6),
    'vp9.webm': ('libvpx-vp9', {'deadline': 'realtime', 'cpu-used': '8', 'g': '20'}, 'libopus', {}, 0, 6),
    'mpeg4.mkv': ('mpeg4', {'bf': '2', 'g': '15'}, 'mp3', {}, 0, 6),
    'mjpeg.mov': ('mjpeg', {}, 'pcm_s16le', {}, 0, 6),
    'no_table.mkv': ('libx264', {'x264-params': _X264}, 'aac', {'live': '1'}, 0, 6),
    'fragments.mp4': ('libx264', {'x264-params': _X264}, 'aac', {'movflags': 'frag_keyframe+empty_moov'}, 0, 6),
    'no_edit_list.mp4': ('libx264', {'x264-params': _X264}, 'aac', {'use_editlist': '0'}, 0, 6),
    'late_sound.mp4': ('libx264', {'x264-params': _X264}, 'aac', {}, 3, 3),
    'late_sound.mkv': ('libx264', {'x264-params': _X264}, 'aac', {}, 3, 3),
    'short_sound.mp4': ('libx264', {'x264-params': _X264}, 'aac', {}, 0, 2),
    'short_sound.mkv': ('libx264', {'x264-params': _X264}, 'aac', {}, 0, 2),
    'silent.mkv': ('libx264', {'x264-params': _X264}, '', {}, 0, 0),
    'sound.mkv': ('', {}, 'libopus', {}, 0, 6),
    'sound.m4a': ('', {}, 'aac', {}, 0, 6),
    'not_sought.ts': ('libx264', {'x264-params': _X264}, 'mp2', {}, 0, 6),
}
# read from their beginning: guessed stamps, durations that depend on the packets before, or nothing gained by seeking
NOT_SOUGHT = {
    'h264.ts': ('libx264', {'x264-params': _X264}, 'aac', {}, 0, 6),
    'mpeg2.ts': ('mpeg2video', {'bf': '2', 'g': '12'}, 'mp2', {}, 0, 6),
    'mpeg2.mpg': ('mpeg2video', {'bf': '2', 'g': '12'}, 'mp2', {}, 0, 6),
    'mpeg1.mpg': ('mpeg1video', {'bf': '2', 'g': '12'}, 'mp2', {}, 0, 6),
    'mpeg4.avi': ('mpeg4', {'g': '12'}, 'mp3', {}, 0, 6),
    'mjpeg.avi': ('mjpeg', {}, 'pcm_s16le', {}, 0, 6),
    'h264.flv': ('libx264', {'x264-params': _X264}, 'aac', {}, 0, 6),
    'flv1.flv': ('flv', {'g': '12'}, 'mp3', {}, 0, 6),
    'wmv2.asf': ('wmv2', {'g': '12'}, 'mp3', {}, 0, 6),
    'h264.nut': ('libx264', {'x264-params': _X264}, 'mp3', {}, 0, 6),
    'mpeg2.mxf': ('mpeg2video', {'g': '12'}, 'pcm_s16le', {}, 0, 6),
}
DIFFER = ('flv1.flv', 'wmv2.asf')  # durations of packets, behind a seek


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Make a file once for all tests of the module."""
    folder, made = tmp_path_factory.mktemp('seek'), {}

    def make(name: str) -> str:
        if name not in made:
            made[name] = _write(folder / name, *(FILES | NOT_SOUGHT)[name])
        return made[name]

    return make


def _write(path: Path, codec: str, options: dict, sound: str, container: dict, start: float, length: float) -> str:
    """Write picture and sound interleaved, as recorders do."""
    rate_hz = 48000
    with av.open(str(path), 'w', options=container) as out:
        video = out.add_stream(codec, rate=_FPS, options=options) if codec else None
        if video is not None:
            video.height, video.width, video.pix_fmt = 48, 64, 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
        audio = out.add_stream(sound, rate=rate_hz, layout='mono') if sound else None
        samples = tone(length, rate_hz=rate_hz, pitch_hz=300)
        noise = np.random.default_rng(0).integers(0, 255, (_COUNT, 6, 8, 3), dtype=np.uint8)
        for index, pixels in enumerate(noise.repeat(8, axis=1).repeat(8, axis=2)):
            if video is not None:
                frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
                frame.pts, frame.time_base = index, Fraction(1, _FPS)
                out.mux(video.encode(frame))
            first = round((index / _FPS - start) * rate_hz)
            heard = samples[max(first, 0) : max(first + rate_hz // _FPS, 0)]
            if audio is not None and len(heard):
                whole = np.int16(heard * 32767)[None] if sound in ('pcm_s16le', 'mp2') else heard[None]
                block = av.AudioFrame.from_ndarray(
                    whole, format='s16' if whole.dtype == np.int16 else 'fltp', layout='mono'
                )
                block.sample_rate, block.time_base = rate_hz, Fraction(1, rate_hz)
                block.pts = max(first, 0) + round(start * rate_hz)
                out.mux(audio.encode(block))
        for stream in (video, audio):
            if stream is not None:
                out.mux(stream.encode(None))
    return str(path)


def _packets(path: str, *span: float, kinds: tuple[str, ...]) -> list:
    with open_container(path) as container:
        streams = MediaSource(path, container, kinds).demuxer().read(*span).streams
        return [
            (read.begins, read.trimmed, [_fields(packet) for packet in [read.first, *read.packets]])
            for read in streams.values()
        ]


def _fields(packet: av.Packet) -> tuple:
    flags = packet.is_keyframe, packet.is_discard, packet.is_corrupt
    return packet.pts, packet.dts, packet.duration, *flags, bytes(packet)


def _media(path: str, *span: float) -> list[np.ndarray]:
    try:
        media = MediaFile(path, *span)
    except ClipError as error:
        return [np.array(str(error))]
    read = []
    if media.video is not None:
        read += [media.video.frame_times, *media.video.read_frames(range(0, len(media.video.frame_times), 3))]
    if media.audio is not None:
        read += [np.array([media.audio.start_sec, media.audio.duration_sec])]
        read += [media.audio.read_audio(span[0], min(span[1], span[0] + 1.0))]
    return read


@pytest.fixture
def sought(monkeypatch):
    """Seek in files of a few seconds; the list has one bool per seek: whether its result was used."""
    results, seek = [], demux.Demuxer._seek

    def noted(*args: object) -> object:
        spans = seek(*args)
        results.append(spans is not None)
        return spans

    monkeypatch.setattr(demux.Demuxer, '_seek', noted)
    monkeypatch.setattr(demux, 'SEEK_FROM_SEC', _SEEK_FROM_SEC)
    return results


def _both_ways(monkeypatch: pytest.MonkeyPatch, read: object, *args: object, **kwargs: object) -> list:
    results = []
    for from_sec in (_SEEK_FROM_SEC, float('inf')):
        monkeypatch.setattr(demux, 'SEEK_FROM_SEC', from_sec)
        results.append(read(*args, **kwargs))
    return results


STARTS = [*np.arange(1.6, 6.6, 0.71), 2.88, 3.36, 4.8]  # also at key frames


@pytest.mark.parametrize('name', FILES)
def test_packets_behind_a_seek_are_those_of_reading_from_the_beginning(files, name, sought, monkeypatch):
    path = files(name)
    for start in STARTS:
        for length in (0.02, 0.6, np.inf)[: 1 if start in (2.88, 3.36) else 3]:
            for kinds in (('video', 'audio'), ('video',), ('audio',)):
                mine, other = _both_ways(monkeypatch, _packets, path, start, start + length, kinds=kinds)
                assert mine == other
    assert any(sought) == (name != 'not_sought.ts')


@pytest.mark.parametrize('name', NOT_SOUGHT)
def test_other_containers_are_read_from_their_beginning(files, name, sought):
    assert _packets(files(name), 3.5, 4.0, kinds=('video', 'audio')) and not sought


@pytest.mark.parametrize('name', DIFFER)
def test_some_would_differ_behind_a_seek(files, name, sought, monkeypatch):
    monkeypatch.setattr(demux, 'SEEKABLE_FORMATS', ('flv', 'asf'))
    read = [_both_ways(monkeypatch, _packets, files(name), at, at + 0.6, kinds=('video', 'audio')) for at in STARTS]
    assert any(sought) and any(mine != other for mine, other in read)


@pytest.mark.parametrize('name', FILES)
def test_frames_and_sound_behind_a_seek_are_those_of_reading_from_the_beginning(files, name, sought, monkeypatch):
    path = files(name)
    for start in STARTS[::3]:
        for mine, other in zip(*_both_ways(monkeypatch, _media, path, start, start + 0.9), strict=True):
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize('name', ['open.mp4', 'open.mkv'])
@pytest.mark.parametrize('off_sec', [0.7, 60.0])
def test_where_a_seek_landed_is_checked(files, name, off_sec, sought, monkeypatch):
    def seek_late(container, stream, stamp):
        container.seek(stamp + round((2 + off_sec) / stream.time_base), stream=stream)

    monkeypatch.setattr(demux, 'seek_before', seek_late)
    mine, other = _both_ways(monkeypatch, _packets, files(name), 3.5, 4.0, kinds=('video', 'audio'))
    assert mine == other and sought == [False]


@pytest.mark.parametrize('name', ['open.mp4', 'open.mkv', 'refresh.mp4', 'late_sound.mkv', 'short_sound.mkv'])
def test_a_long_file_is_sought(files, name, sought):
    path = files(name)
    long, whole = LongMedia(path, 0.8), MediaFile(path)
    for wanted in ([149], range(60, 120, 7)):
        for mine, other in zip(long.video.iter_frames(wanted), whole.video.iter_frames(wanted), strict=True):
            np.testing.assert_array_equal(mine, other)
    for start in (4.1, 2.5, 5.3):
        heard = [sound.read_audio(start, start + 0.5) for sound in (long.audio, whole.audio)]
        np.testing.assert_allclose(*heard, atol=1e-2)  # of FFmpeg's AAC the noise differs
    assert any(sought)


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_real_clips_are_the_same_behind_a_seek(sought, monkeypatch):
    for path in sorted(Path(os.environ['MMAVF_MEDIA']).glob('misc/*')):
        for start in (2.0, 3.0, 4.77, 9.6):
            mine, other = _both_ways(monkeypatch, _packets, str(path), start, start + 1, kinds=('video', 'audio'))
            assert mine == other
    assert any(sought)
