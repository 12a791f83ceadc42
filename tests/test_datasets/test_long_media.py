"""A long file gives what the same file gives when its packets are all in memory."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mmavf.datasets.media import AudioTrack, LongMedia, MediaFile, SoundReader
from mmavf.datasets.media.open_spans import DELAY_SEC, open_spans
from mmavf.errors import ClipError

from ..helpers.media import counted_frames, encode_video, frame_index, tone, write_media, write_wav

AAC_NOISE = 1e-2  # a shift by one sample changes the tones of these tests by up to 0.09
FILES = {
    'b_frames.mp4': dict(codecs=('libx264', 'aac'), gop=20, b_frames=2),
    'opus.mkv': dict(codecs=('libx264', 'libopus'), gop=20, b_frames=2),
    'b_frames.avi': dict(codecs=('libx264', 'mp3'), gop=20, b_frames=2),
    'mpeg4.avi': dict(codecs=('mpeg4', 'pcm_s16le'), gop=12),
    'a.ts': dict(codecs=('libx264', 'mp2'), gop=20, b_frames=2),
    'a.mpg': dict(codecs=('mpeg2video', 'mp2'), gop=15),
    'a.webm': dict(codecs=('libvpx', 'libopus'), gop=30),
    'late.mp4': dict(codecs=('libx264', 'aac'), gop=30, audio_delay_sec=0.8),
    'late.mkv': dict(codecs=('libx264', 'aac'), gop=30, b_frames=1, video_delay_sec=0.4),
}


def _written(folder: Path, name: str) -> str:
    """Write 4 s of video and 4.5 s of sound."""
    rate_hz = 48000 if 'libopus' in FILES[name]['codecs'] else 44100
    sound = tone(4.5, onset_sec=1.3, rate_hz=rate_hz)
    return str(write_media(folder / name, counted_frames(100), sound, rate_hz=rate_hz, **FILES[name]))


def _assert_same(long: LongMedia, whole: MediaFile) -> None:
    assert (long.video is None, long.audio is None) == (whole.video is None, whole.audio is None)
    if whole.video is not None:
        indices = range(len(whole.video.frame_times))
        np.testing.assert_array_equal(long.video.frame_times, whole.video.frame_times)
        for wanted in (indices, indices[1::7], indices[len(indices) // 2 :], indices[-1:]):
            for mine, other in zip(long.video.iter_frames(wanted), whole.video.iter_frames(wanted), strict=True):
                np.testing.assert_array_equal(mine, other)
    if whole.audio is not None:
        assert long.audio.start_sec == whole.audio.start_sec
        assert long.audio.duration_sec == whole.audio.duration_sec
        for start in [*np.arange(-0.5, whole.audio.duration_sec + 1, 0.37), 0.2]:
            _assert_same_sound(long.audio, whole.audio, start, start + 0.5)
            _assert_same_sound(long.audio, whole.audio, start, start + 1.28)


def _assert_same_sound(long: SoundReader, whole: AudioTrack, start: float, end: float) -> None:
    mine, other = long.read_audio(start, end), whole.read_audio(start, end)
    if whole._codec.name == 'aac':  # FFmpeg's decoder goes on with the random numbers of its noise when it is flushed
        np.testing.assert_allclose(mine, other, atol=AAC_NOISE)
    else:
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize('name', FILES)
@pytest.mark.parametrize('span_sec', [0.3, 1.1])
def test_spans_give_what_the_whole_file_gives(tmp_path, name, span_sec):
    path = _written(tmp_path, name)
    _assert_same(LongMedia(path, span_sec), MediaFile(path))


def test_only_a_span_is_in_memory(tmp_path):
    path = str(write_media(tmp_path / 'a.mp4', counted_frames(100), tone(4.0), gop=5))
    spans = [span for _, span in open_spans(path, ('video', 'audio'), 'video', 0.0, 0.4)]
    held = [len(span.streams[0].packets) for span in spans]
    assert len(spans) >= 7 and max(held) <= 0.4 * 25 + DELAY_SEC * 25 + 5 + 2
    assert all(span.streams[1].packets == [] for span in spans)


def test_intra_refresh_is_decoded_on_across_spans(tmp_path, monkeypatch):
    options = {'x264-params': 'intra-refresh=1:keyint=25:scenecut=0', 'crf': '10'}
    noise = np.random.default_rng(0).integers(-10, 10, (90, 96, 128, 3))
    path = encode_video(
        tmp_path / 'a.mp4', (counted_frames(90, 96, 128) + noise).clip(0, 255).astype(np.uint8), options
    )
    long, whole = LongMedia(path, 0.8), MediaFile(path)
    _assert_same(long, whole)
    monkeypatch.setattr('mmavf.datasets.media.media_source._read_from_beginning', lambda *_: pytest.fail('from 0'))
    assert [frame_index(frame) for frame in long.video.iter_frames(range(90))] == list(range(90))


def test_pauses_longer_than_a_span_are_read_over(tmp_path):
    stamps = [*np.arange(20) / 20, *(7.0 + np.arange(20) / 30), 12.0]
    for suffix in ('mp4', 'mkv'):
        frames = counted_frames(41)
        path = write_media(tmp_path / f'a.{suffix}', frames, None, stamps_sec=stamps, gop=8, b_frames=2)
        long = LongMedia(str(path), 0.5)
        np.testing.assert_allclose(long.video.frame_times, stamps, atol=1e-3)
        assert [frame_index(frame) for frame in long.video.iter_frames(range(41))] == list(range(41))
        assert [frame_index(frame) for frame in long.video.read_frames([40, 3, 3, 22])] == [40, 3, 3, 22]
        _assert_same(long, MediaFile(str(path)))


@pytest.mark.parametrize('suffix', ['ts', 'mpg'])
def test_files_in_a_row_are_one(tmp_path, suffix):
    codecs = ('libx264' if suffix == 'ts' else 'mpeg2video', 'mp2')
    parts = [
        write_media(tmp_path / f'{i}.{suffix}', counted_frames(50), tone(1.7, 0.4 + 0.3 * i), codecs=codecs, b_frames=1)
        for i in range(3)
    ]
    path = tmp_path / f'a.{suffix}'
    path.write_bytes(b''.join(part.read_bytes() for part in parts))
    for kinds in (('video', 'audio'), ('video',), ('audio',)):
        _assert_same(LongMedia(str(path), 0.9, kinds), MediaFile(str(path), kinds=kinds))


def test_threads_do_not_disturb_each_other(tmp_path):
    codecs = 'libx264', 'mp3'
    path = str(write_media(tmp_path / 'a.mp4', counted_frames(100), tone(4.0, 1.0), codecs=codecs, gop=20, b_frames=2))
    long = LongMedia(path, 0.7)
    sound = MediaFile(path).audio

    windows = [sound.read_audio(0.03 * start, 0.03 * start + 1) for start in range(0, 80, 9)]

    def read(start: int) -> bool:
        frames = [frame_index(frame) for frame in long.video.iter_frames(range(start, 100))]
        heard = long.audio.read_audio(0.03 * start, 0.03 * start + 1)
        return frames == list(range(start, 100)) and np.array_equal(heard, windows[start // 9])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(0, 80, 9)))


def test_missing_and_unwanted_streams_are_none(tmp_path):
    silent = LongMedia(str(write_media(tmp_path / 'silent.mp4', counted_frames(30), None)))
    sound = LongMedia(str(write_media(tmp_path / 'sound.m4a', None, tone(1.0))))
    wav = LongMedia(str(write_wav(tmp_path / 'a.wav', tone(1.0))))
    assert silent.audio is None and len(silent.video.frame_times) == 30
    assert sound.video is None and sound.audio.duration_sec == pytest.approx(1.0, abs=0.07)
    assert wav.video is None and wav.audio.duration_sec == 1.0
    both = str(write_media(tmp_path / 'both.mp4', counted_frames(30), tone(1.0)))
    assert LongMedia(both, kinds=('video',)).audio is None and LongMedia(both, kinds=('audio',)).video is None


def test_bad_files_are_refused_as_by_media_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (75, 64, 64, 3), dtype=np.uint8)
    options = {'movflags': 'faststart'}
    path = Path(encode_video(tmp_path / 'cut.mp4', noise, {'crf': '10'}, options))
    LongMedia(str(path), 1.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (tmp_path / 'text.mp4').write_text('no video')
    (tmp_path / 'empty.mkv').write_bytes(b'')
    for name in ('cut.mp4', 'text.mp4', 'empty.mkv', 'none.mp4'):
        with pytest.raises(ClipError) as expected:
            MediaFile(str(tmp_path / name))
        with pytest.raises(ClipError) as found:
            LongMedia(str(tmp_path / name), 1.0)
        assert str(found.value) == str(expected.value)


def test_a_file_that_changed_is_refused(tmp_path):
    path = write_media(tmp_path / 'a.mp4', counted_frames(60), None, gop=10)
    long = LongMedia(str(path), 1.0)
    write_media(path, counted_frames(60), None, gop=10, fps=24)
    with pytest.raises(ClipError, match='has changed'):
        list(long.video.iter_frames(range(20, 60)))


@pytest.mark.skipif('MMAVF_MEDIA' not in os.environ, reason='wants the folder of real clips in MMAVF_MEDIA')
def test_real_clips_are_the_same_span_after_span():
    folder = Path(os.environ['MMAVF_MEDIA'])
    paths = sorted(folder.glob('grid/*.mpg'))[:3] + sorted(folder.glob('misc/*'))
    assert paths
    for path in paths:
        _assert_same(LongMedia(str(path), 0.9), MediaFile(str(path)))
