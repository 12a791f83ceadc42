"""Every reader of frames and of sound keeps its contract, and says the same of the same clip."""

import numpy as np
import pytest
import soundfile

from mmavf.datasets.media import ArrayFrames, ArraySound, FrameFolder, MediaFile, ShardClip, Silence, open_sound
from mmavf.datasets.media.interfaces import FrameReader, SoundReader
from mmavf.datasets.transforms import PerView, ReadAudio, ReadFrames, SampleWindow
from mmavf.errors import ClipError, ConfigError
from mmavf.preparation import RawClip
from mmavf.preparation.frames import RawFrames
from mmavf.preparation.packs import JpegPack, write_shard
from mmavf.structures.contracts import check_contract
from tests.helpers.media import counted_frames, frame_index, onset_sec, tone, write_folder, write_media, write_wav

COUNT = 30
SOUND_SEC = 2.0


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """One clip in every form: 30 frames at 25 per second, and a tone that sets in at second 1."""
    folder = tmp_path_factory.mktemp('clip')
    frames, sound = counted_frames(COUNT), tone(SOUND_SEC, onset_sec=1.0)
    write_media(folder / 'clip.mkv', frames, sound, codecs=('libx264', 'pcm_s16le'))
    write_folder(folder / 'images', frames)
    write_wav(folder / 'sound.wav', sound)
    soundfile.write(folder / 'sound.flac', sound, 16000)
    JpegPack().write(folder / 'packed', frames, np.arange(COUNT) / 25)
    write_shard(folder / '00000.tar', [('clip', folder / 'packed', folder / 'sound.wav')])
    return folder


FRAME_READERS = dict(
    video_track=lambda folder: MediaFile(str(folder / 'clip.mkv')).video,
    frame_folder=lambda folder: FrameFolder(str(folder / 'images'), 25.0, 0.0),
    shard_frames=lambda folder: ShardClip(str(folder / '00000.tar' / 'clip')).frames(25.0, None),
    raw_video=lambda folder: RawFrames(folder, RawClip(id='a', video='clip.mkv')),
    raw_folder=lambda folder: RawFrames(folder, RawClip(id='a', video='images')),
    array=lambda folder: ArrayFrames(counted_frames(COUNT), np.arange(COUNT) / 25),
)
SOUND_READERS = dict(
    audio_track=lambda folder: MediaFile(str(folder / 'clip.mkv')).audio,
    wav=lambda folder: open_sound(str(folder / 'sound.wav')),
    flac=lambda folder: open_sound(str(folder / 'sound.flac')),
    shard_sound=lambda folder: ShardClip(str(folder / '00000.tar' / 'clip')).sound(),
    array=lambda folder: ArraySound(tone(SOUND_SEC, onset_sec=1.0), 16000),
    array_44k=lambda folder: ArraySound(np.stack([tone(SOUND_SEC, 1.0, 44100)] * 2), 44100),
)


@pytest.mark.parametrize('name', FRAME_READERS)
def test_frames(folder, name):
    reader = FRAME_READERS[name](folder)
    check_contract(reader, FrameReader, name)
    assert reader.frame_times.dtype == np.float64
    np.testing.assert_allclose(reader.frame_times, np.arange(COUNT) / 25, atol=1e-3)
    wanted = [20, 3, 3, 29]
    frames = reader.read_frames(wanted)
    assert [frame_index(frame) for frame in frames] == wanted
    assert {(frame.shape, frame.dtype.name) for frame in frames} == {((48, 64, 3), 'uint8')}
    for _ in range(2):  # again from the beginning
        assert [frame_index(frame) for frame in reader.iter_frames([0, 7, 8, 25])] == [0, 7, 8, 25]


@pytest.mark.parametrize('name', SOUND_READERS)
def test_sound(folder, name):
    reader = SOUND_READERS[name](folder)
    check_contract(reader, SoundReader, name)
    assert reader.start_sec == pytest.approx(0, abs=0.002)
    assert reader.duration_sec == pytest.approx(SOUND_SEC, abs=0.002)
    window = reader.read_audio(0.5, 1.75)
    assert (window.shape, window.dtype) == ((20000,), np.float32)
    assert 0.5 + onset_sec(window) == pytest.approx(1.0, abs=0.002)
    np.testing.assert_allclose(window[9000:], tone(SOUND_SEC, 1.0)[17000:28000], atol=2e-3)
    around = reader.read_audio(-1.0, 3.0)  # zeros before and after it
    assert not around[:16000].any() and not around[-15000:].any()
    assert onset_sec(around) == pytest.approx(1.0 + 1.0, abs=0.002)
    with pytest.raises(ClipError):
        reader.read_audio(1.0, 0.5)


def test_silence():
    check_contract(Silence(), SoundReader, 'silence')
    assert (Silence().start_sec, Silence().duration_sec) == (0.0, 0.0)
    window = Silence().read_audio(0.5, 1.75)
    assert (window.shape, window.dtype) == ((20000,), np.float32) and not window.any()
    with pytest.raises(ClipError):
        Silence().read_audio(1.0, 0.5)


def test_sound_that_starts_later_lies_at_its_time():
    reader = ArraySound(tone(1.0), 16000, start_sec=0.5)
    assert (reader.start_sec, reader.duration_sec) == (0.5, 1.5)
    assert onset_sec(reader.read_audio(0.25, 2.0)) == pytest.approx(0.25, abs=0.002)


def test_readers_of_ones_own_take_the_place_of_a_file():
    results = dict(
        frame_times=np.arange(COUNT) / 25,
        video_reader=ArrayFrames(counted_frames(COUNT), np.arange(COUNT) / 25),
        audio_reader=ArraySound(tone(SOUND_SEC, onset_sec=1.0), 16000),
    )
    results = SampleWindow(clip_len=4, frame_interval=7, test_mode=True)(results)
    results = ReadAudio()(PerView([dict(type='mmaction.Flip', flip_ratio=0.0)])(ReadFrames()(results)))
    assert [frame_index(img) for img in results['imgs']] == [1, 8, 15, 22]
    assert onset_sec(results['waveforms'][0]) == pytest.approx(1.0 - 1 / 25, abs=0.002)


@pytest.mark.parametrize(
    ('transform', 'key', 'lacks', 'contract'),
    [
        (ReadFrames, 'video_reader', 'iter_frames', 'FrameReader'),
        (ReadAudio, 'audio_reader', 'start_sec', 'SoundReader'),
    ],
)
def test_a_reader_of_ones_own_without_a_member_is_refused_by_name(transform, key, lacks, contract):
    class Half:
        frame_times = np.zeros(1)
        duration_sec = 1.0
        read_frames = read_audio = None

    with pytest.raises(ConfigError, match=rf'^{key}: Half has no {lacks}; see the contract mmavf\.\S+\.{contract}$'):
        transform()({key: Half()})


@pytest.mark.parametrize(
    ('frames', 'times', 'reason'),
    [
        (np.zeros((2, 4, 4, 3)), [0, 1], r'\(N, H, W, 3\) uint8'),
        (np.zeros((2, 4, 4), np.uint8), [0, 1], r'\(N, H, W, 3\) uint8'),
        (np.zeros((0, 4, 4, 3), np.uint8), [], r'\(N, H, W, 3\) uint8'),
        (np.zeros((2, 4, 4, 3), np.uint8), [0], 'as many times'),
        (np.zeros((2, 4, 4, 3), np.uint8), [0, 0], 'ascend'),
        (np.zeros((2, 4, 4, 3), np.uint8), [0, np.nan], 'finite'),
    ],
)
def test_frames_that_are_none_are_refused(frames, times, reason):
    with pytest.raises(ClipError, match=reason):
        ArrayFrames(frames, times)


@pytest.mark.parametrize(
    ('samples', 'rate_hz', 'reason'),
    [
        (np.zeros((2, 2, 8)), 16000, 'channels'),
        (np.zeros(0), 16000, 'channels'),
        (np.zeros(8), 0, 'rate'),
        (np.full(8, np.nan), 16000, 'not finite'),
    ],
)
def test_sound_that_is_none_is_refused(samples, rate_hz, reason):
    with pytest.raises(ClipError, match=reason):
        ArraySound(samples, rate_hz)
