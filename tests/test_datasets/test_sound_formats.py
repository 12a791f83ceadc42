"""Sound is read as players play it, whatever its container, codec and suffix; times are true to 2 ms."""

import io
import os

import numpy as np
import pytest
import soundfile

from mmavf.datasets.media import AudioTrack, MediaFile, ShardClip, SoundFile, open_sound
from mmavf.datasets.media.resample import to_mono_16k
from mmavf.errors import ClipError
from mmavf.preparation.packs.shards import write_shard

from ..helpers.media import counted_frames, onset_sec, tone, write_folder
from ..helpers.sound import RATE, encode_sound, lag_sec, speechlike, write_sound

# Container, codec of the sound, rate, codec of the video; then by how much later sound alone is heard. What an encoder
# puts before the sound is told in mp4, mov, mkv, webm, ogg and mp3; in the others nothing tells it, to players neither.
KINDS = [
    ('mp4', 'aac', 44100, 'libx264', 0.0),
    ('mp4', 'libopus', 48000, 'libx264', 0.0),
    ('mp4', 'libmp3lame', 44100, 'libx264', 0.0),
    ('mp4', 'ac3', 48000, 'libx264', 0.0),
    ('mp4', 'alac', 44100, 'libx264', 0.0),
    ('ipod', 'aac', 44100, '', 0.0),
    ('mov', 'pcm_s16le', 44100, 'libx264', 0.0),
    ('matroska', 'aac', 44100, 'libx264', 0.0),
    ('matroska', 'libopus', 48000, 'libx264', 0.0),
    ('matroska', 'libmp3lame', 44100, 'libx264', 0.0),
    ('matroska', 'flac', 44100, 'libx264', 0.0),
    ('webm', 'libopus', 48000, 'libvpx', 0.0),
    ('webm', 'libopus', 16000, 'libvpx', 0.0),
    ('matroska', 'libopus', 8000, 'libx264', 0.0),
    ('ogg', 'libopus', 16000, '', 0.0),
    ('mp4', 'libopus', 16000, 'libx264', 0.0),
    ('ogg', 'libopus', 48000, '', 0.0),
    ('ogg', 'flac', 44100, '', 0.0),
    ('mp3', 'libmp3lame', 44100, '', 0.0),
    ('mpegts', 'aac', 44100, 'libx264', 1024 / 44100),
    ('mpegts', 'ac3', 48000, 'libx264', 256 / 48000),
    ('mpeg', 'mp2', 44100, 'mpeg1video', 481 / 44100),
    ('flv', 'aac', 44100, 'flv', 1024 / 44100),
    ('asf', 'wmav2', 44100, 'wmv2', 2048 / 44100),
    ('asf', 'wmav1', 22050, 'msmpeg4v3', 1024 / 22050),
    ('wav', 'pcm_s16le', 44100, '', 0.0),
    ('aiff', 'pcm_s16be', 44100, '', 0.0),
    ('w64', 'pcm_s16le', 44100, '', 0.0),
    ('au', 'pcm_s16be', 44100, '', 0.0),
    ('flac', 'flac', 44100, '', 0.0),
]


@pytest.mark.parametrize(('form', 'codec', 'rate_hz', 'video', 'late_sec'), KINDS)
def test_sound_lies_at_its_time_in_every_container(tmp_path, form, codec, rate_hz, video, late_sec):
    sound = speechlike(2.5, rate_hz)
    source = to_mono_16k(sound[None], rate_hz)
    alone = open_sound(write_sound(tmp_path / f'alone.{form}', sound, codec, form, rate_hz))
    for start, end in ((0.0, 2.5), (0.9, 1.7), (1.2, 2.0)):
        for at in (start + 0.1, end - 0.6):
            lag = lag_sec(alone.read_audio(start, end), start, source, at)
            assert lag == pytest.approx(late_sec, abs=0.002)
    assert alone.duration_sec == pytest.approx(2.5 + late_sec, abs=0.06)
    if video:
        media = MediaFile(write_sound(tmp_path / f'both.{form}', sound, codec, form, rate_hz, video))
        lag = lag_sec(media.audio.read_audio(0.0, 2.0), 0.0, source, 1.0)
        assert lag == pytest.approx(media.video.frame_times[0], abs=0.002)


@pytest.mark.parametrize(('form', 'codec'), [('mpeg', 'mp2'), ('mpegts', 'mp2'), ('mpegts', 'aac')])
def test_a_stream_that_was_cut_anywhere_is_heard_from_its_first_whole_block_on(tmp_path, form, codec):
    sound = speechlike(2.5, 48000)
    data = encode_sound(sound, codec, form, 48000, 'mpeg2video')
    for place in (2000, 4823, 7646):
        (tmp_path / f'cut.{form}').write_bytes(data[place:])
        assert np.abs(open_sound(str(tmp_path / f'cut.{form}')).read_audio(0.0, 1.5)).max() > 0.2


@pytest.mark.parametrize('codec', ['wmav1', 'wmav2'])
def test_windows_media_sound_is_heard_to_its_end(tmp_path, codec):
    sound = speechlike(2.0, 44100)
    source = to_mono_16k(sound[None], 44100)
    track = open_sound(write_sound(tmp_path / 'voice.wma', sound, codec, 'asf', 44100))
    whole = track.read_audio(0.0, 2.05)
    late = 2048 / 44100  # what the encoder puts before the sound
    for at in (0.1, 1.0, 1.6, 1.8):
        assert lag_sec(whole, 0.0, source, at, 0.19) == pytest.approx(late, abs=0.002)
    end = round((2.0 + late) * RATE)
    assert np.sqrt(np.mean(whole[end - 400 : end] ** 2)) == pytest.approx(np.sqrt(np.mean(source[-400:] ** 2)), rel=0.1)
    for start, stop in ((0.7, 1.5), (0.7, 2.05), (1.9, 2.05)):
        part = track.read_audio(start, stop)
        assert lag_sec(part, start, source, start, 0.1) == pytest.approx(late, abs=0.002)
        energy = np.mean(whole[round(start * RATE) : round(stop * RATE)] ** 2)
        assert np.mean(part**2) == pytest.approx(energy, rel=0.03)
    assert not track.read_audio(2.2, 2.5).any()


def test_sound_whose_first_block_has_no_stamp_is_damaged(tmp_path):
    track = open_sound(write_sound(tmp_path / 'voice.wma', tone(1.0), 'wmav2', 'asf', 22050))
    for packet in track._packets:
        packet.pts = None
    track._packets_near = lambda start, end: track._packets
    with pytest.raises(ClipError, match='has no time stamps'):
        track.read_audio(0.0, 1.0)


MISNAMED = [
    ('webm', 'libopus', 48000, 0.0),
    ('ipod', 'aac', 44100, 0.0),
    ('mp3', 'libmp3lame', 44100, 0.0),
    ('ogg', 'flac', 44100, 0.0),
    ('flac', 'flac', 44100, 0.0),
    ('wav', 'g726', 8000, 0.0),
    ('wav', 'pcm_mulaw', 8000, 0.0),
    ('wav', 'mp2', 44100, 481 / 44100),
    ('asf', 'wmav2', 44100, 2048 / 44100),
]


@pytest.mark.parametrize('suffix', ['.wav', '.flac', '.WAV'])
@pytest.mark.parametrize(('form', 'codec', 'rate_hz', 'late_sec'), MISNAMED)
def test_a_suffix_that_lies_hides_no_sound(tmp_path, form, codec, rate_hz, late_sec, suffix):
    sound = speechlike(2.0, rate_hz)
    path = write_sound(tmp_path / f'a{suffix}', sound, codec, form, rate_hz)
    opened = open_sound(path)
    lag = lag_sec(opened.read_audio(0.5, 1.5), 0.5, to_mono_16k(sound[None], rate_hz), 0.7)
    assert lag == pytest.approx(late_sec, abs=0.002)
    assert opened.duration_sec == pytest.approx(2.0 + late_sec, abs=0.06)


def test_gsm_which_libsndfile_opens_and_cannot_seek_is_read(tmp_path):
    soundfile.write(tmp_path / 'a.wav', tone(2.0, 1.0, 8000), 8000, subtype='GSM610')
    window = open_sound(str(tmp_path / 'a.wav')).read_audio(0.5, 1.5)
    assert onset_sec(window) == pytest.approx(0.5, abs=0.003) and np.abs(window).max() == pytest.approx(0.5, abs=0.1)


def test_what_nothing_reads_is_one_clear_error(tmp_path):
    (tmp_path / 'text.wav').write_text('no sound at all\n' * 50)
    with pytest.raises(ClipError, match=r'text\.wav: cannot be opened as sound \(.*nor by FFmpeg: ') as caught:
        open_sound(str(tmp_path / 'text.wav'))
    assert str(caught.value).count(str(tmp_path)) <= 2 and '\n' not in str(caught.value)


def _wav(length: int, riff: int, seconds: float = 2.0) -> bytes:
    data = bytearray(encode_wav(speechlike(2.0)[: round(seconds * RATE)]))
    for place, value in ((4, riff), (40, length)):
        data[place : place + 4] = value.to_bytes(4, 'little')
    return bytes(data)


def encode_wav(sound: np.ndarray, form: str = 'WAV', subtype: str = 'PCM_16') -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format=form, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(('length', 'riff'), [
    (0, 0), (0, 36), (0, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFFFFF, 0x7FFFFFFF), (0xFFFFFFFF, 0)
])  # fmt: skip
def test_a_wav_whose_recorder_was_stopped_is_read_to_its_end(tmp_path, length, riff):
    path = tmp_path / 'a.wav'
    path.write_bytes(_wav(length, riff))
    sound = open_sound(str(path))
    assert sound.duration_sec == pytest.approx(2.0, abs=1e-3)
    np.testing.assert_allclose(sound.read_audio(0.0, 2.0), speechlike(2.0), atol=1e-4)
    np.testing.assert_allclose(sound.read_audio(1.5, 2.5)[:8000], speechlike(2.0)[24000:], atol=1e-4)


@pytest.mark.parametrize('tail', [b'', b'LIST\x1a\x00\x00\x00INFOISFT\x0e\x00\x00\x00Lavf62.12.102\x00'])
def test_a_wav_without_samples_is_empty_whatever_follows(tmp_path, tail):
    data = bytearray(_wav(0, 36 + len(tail), seconds=0.0)) + tail
    (tmp_path / 'a.wav').write_bytes(data)
    with pytest.raises(ClipError, match='has no samples'):
        open_sound(str(tmp_path / 'a.wav'))


@pytest.mark.parametrize('form', ['WAV', 'WAVEX', 'RF64', 'W64', 'AIFF'])
@pytest.mark.parametrize('suffix', ['.wav', '.aiff'])
def test_the_family_of_wav_is_read(tmp_path, form, suffix):
    (tmp_path / f'a{suffix}').write_bytes(encode_wav(speechlike(1.0), form))
    np.testing.assert_allclose(open_sound(f'{tmp_path}/a{suffix}').read_audio(0.0, 1.0), speechlike(1.0), atol=1e-4)


def _flac(length: int, seconds: float = 2.0) -> bytes:
    data = bytearray(encode_wav(speechlike(seconds), 'FLAC'))
    data[21:26] = (data[21] >> 4 << 36 | length).to_bytes(5, 'big')  # behind 4 bits of the sample size
    return bytes(data)


def test_a_flac_from_a_pipe_does_not_say_how_long_it_is(tmp_path):
    sound, path = speechlike(3.0), str(tmp_path / 'a.flac')
    (tmp_path / 'a.flac').write_bytes(_flac(0, 3.0))
    assert soundfile.info(path).frames > 1 << 60
    opened = open_sound(path)
    assert opened.duration_sec == pytest.approx(3.0)
    for start, end in ((0.0, 3.0), (1.1, 1.9), (2.5, 3.5)):
        expected = np.concatenate([sound, np.zeros(RATE)])[round(start * RATE) : round(end * RATE)]
        np.testing.assert_allclose(opened.read_audio(start, end), expected, atol=1e-4)


@pytest.mark.parametrize('length', [2**36 - 1, 2**32 + 32000, 2**24, 40000, 32001])
def test_a_flac_that_announces_too_much_is_read_or_refused_and_takes_no_memory(tmp_path, length):
    (tmp_path / 'a.flac').write_bytes(_flac(length))
    sound = open_sound(str(tmp_path / 'a.flac'))
    np.testing.assert_allclose(sound.read_audio(0.5, 1.0), speechlike(2.0)[8000:16000], atol=1e-4)
    if isinstance(sound, AudioTrack):
        assert sound.duration_sec == pytest.approx(2.0)
    else:
        with pytest.raises(ClipError):
            sound.read_audio(sound.duration_sec - 1, sound.duration_sec)


def test_sound_in_a_shard_is_judged_by_its_bytes_too(tmp_path):
    frames = write_folder(tmp_path / 'frames', counted_frames(50))
    for name, data in (
        ('opus', encode_sound(speechlike(2.0, 48000), 'libopus', 'webm', 48000)),
        ('flac', _flac(0)),
        ('stopped', _wav(0, 0)),
    ):
        (tmp_path / f'{name}.wav').write_bytes(data)
        write_shard(tmp_path / f'{name}.tar', [('a', frames, tmp_path / f'{name}.wav')])
        sound = ShardClip(f'{tmp_path}/{name}.tar/a').sound()
        rate_hz = 48000 if name == 'opus' else RATE
        source = to_mono_16k(speechlike(2.0, rate_hz)[None], rate_hz)
        assert lag_sec(sound.read_audio(0.5, 1.5), 0.5, source, 0.7) == pytest.approx(0, abs=0.002)
        assert sound.duration_sec == pytest.approx(2.0, abs=0.01)
    (tmp_path / 'text.wav').write_bytes(b'no sound' * 99)
    write_shard(tmp_path / 'text.tar', [('a', frames, tmp_path / 'text.wav')])
    with pytest.raises(ClipError, match='text.tar/a/sound.wav: cannot be opened as sound'):
        ShardClip(f'{tmp_path}/text.tar/a').sound()


@pytest.mark.parametrize('name', ['a.wav', 'a.flac'])
def test_a_pipe_or_a_device_is_no_sound(tmp_path, name):
    path = tmp_path / name
    os.mkfifo(path)
    (tmp_path / 'link.wav').symlink_to(path)
    (tmp_path / 'null.wav').symlink_to('/dev/zero')
    for file, kind in ((path, 'a pipe'), (tmp_path / 'link.wav', 'a pipe'), (tmp_path / 'null.wav', 'a device')):
        with pytest.raises(ClipError, match=f'is not a regular file but {kind}'):
            open_sound(str(file))
    with pytest.raises(ClipError, match='is not a regular file but a folder'):
        SoundFile(str(tmp_path))
    with pytest.raises(ClipError, match=r'missing\.wav: cannot be opened'):
        open_sound(str(tmp_path / 'missing.wav'))
