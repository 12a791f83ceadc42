"""What a header, a list or a gap announces costs neither memory nor time; channels are mixed by one rule."""

import os
import resource
import sys
import time

import numpy as np
import pytest
import soundfile

from mmavf.datasets.media import MediaFile, Silence, SoundFile, open_sound
from mmavf.datasets.media.resample import SAMPLE_RATE_HZ, to_mono_16k
from mmavf.datasets.transforms import OpenClip
from mmavf.errors import ClipError, ConfigError
from mmavf.preparation import RawClip
from mmavf.preparation.settings import PrepareSettings
from mmavf.preparation.sound import write_sound

from ..helpers.media import counted_frames, tone, write_media, write_wav
from ..helpers.sound import RATE, speechlike
from ..helpers.sound import write_sound as write_any

READ_BYTES = '/proc/self/io'
MIB = 1024 if sys.platform != 'darwin' else 1024**2


@pytest.mark.parametrize('rate_hz', [2001, 7999, 11127, 15999, 16001, 22254, 44099, 191999, 767999])
def test_any_rate_is_resampled_exactly_at_little_cost(rate_hz):
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for pitch_hz in (100, 440, 0.3 * min(rate_hz, SAMPLE_RATE_HZ)):
        wave = np.sin(2 * np.pi * pitch_hz * np.arange(rate_hz) / rate_hz).astype(np.float32)
        got = to_mono_16k(wave[None], rate_hz)
        expected = np.sin(2 * np.pi * pitch_hz * np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ)
        assert len(got) == SAMPLE_RATE_HZ and got.dtype == np.float32
        np.testing.assert_allclose(got[400:-400], expected[400:-400], atol=1e-3)
    assert time.process_time() - begin < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * MIB


def test_what_lies_above_half_the_rate_is_not_folded_back():
    wave = np.sin(2 * np.pi * 9500 * np.arange(44099) / 44099).astype(np.float32)
    assert np.abs(to_mono_16k(wave[None], 44099)[400:-400]).max() < 1e-3


@pytest.mark.parametrize('rate_hz', [1, 1999, 768001, 2_000_000_000])
def test_rates_that_nobody_records_at_are_refused(tmp_path, rate_hz):
    content = bytearray(write_wav(tmp_path / 'a.wav', tone(1.0)).read_bytes())
    content[24:28] = rate_hz.to_bytes(4, 'little')
    (tmp_path / 'a.wav').write_bytes(content)
    with pytest.raises(ClipError, match=f'a sampling rate of {rate_hz} Hz'):
        open_sound(f'{tmp_path}/a.wav')


def test_windows_that_are_none_or_too_long_are_refused_by_every_reader(tmp_path):
    write_wav(tmp_path / 'a.wav', tone(1.0))
    readers = [
        open_sound(f'{tmp_path}/a.wav'),
        MediaFile(str(write_media(tmp_path / 'a.mp4', counted_frames(25), tone(1.0)))).audio,
        Silence(),
    ]
    for reader in readers:
        for start, end in ((0.0, 3601.0), (0.0, 1e12), (-1e9, 1.0)):
            with pytest.raises(ClipError, match='exceed the limit of 3600 s per read'):
                reader.read_audio(start, end)
        for start, end in ((1.0, 0.5), (0.0, float('nan')), (float('-inf'), 1.0), (0.0, float('inf'))):
            with pytest.raises(ClipError, match='not a valid window'):
                reader.read_audio(start, end)
        assert reader.read_audio(1e9, 1e9 + 0.5).shape == (8000,)
        assert reader.read_audio(1.0, 1.0).shape == (0,)


def test_only_the_window_is_looked_at_for_what_is_not_finite(tmp_path):
    samples = tone(3.0)
    samples[40000] = np.nan
    sound = SoundFile(str(write_wav(tmp_path / 'a.wav', samples, subtype='FLOAT')))
    np.testing.assert_array_equal(sound.read_audio(0.0, 2.0), samples[:32000])
    with pytest.raises(ClipError, match='1 of 16000 sound samples are not finite'):
        sound.read_audio(2.0, 3.0)


@pytest.mark.skipif(not os.path.exists(READ_BYTES), reason='bytes read are counted by Linux')
@pytest.mark.parametrize('subtype', ['FLOAT', 'DOUBLE'])
@pytest.mark.parametrize('suffix', ['wav', 'w64.wav'])
def test_of_half_an_hour_of_floats_only_the_window_is_read(tmp_path, subtype, suffix):
    path, kind = str(tmp_path / f'long.{suffix}'), 'W64' if 'w64' in suffix else 'WAV'
    sound = np.random.default_rng(0).normal(0, 0.1, 2 * SAMPLE_RATE_HZ).astype(np.float32)
    with soundfile.SoundFile(path, 'w', SAMPLE_RATE_HZ, 1, subtype, format=kind) as file:
        file.write(sound)
        file.seek(1800 * SAMPLE_RATE_HZ)  # what is not written between is a hole, which takes no room on the disk
        file.write(sound)
    open_sound(path).read_audio(0.0, 1.0)  # what is loaded at the first call
    before = _bytes_read()
    opened = open_sound(path)
    heard = [opened.read_audio(0.25, 1.25), opened.read_audio(1800.25, 1801.25)]
    width = 4 if subtype == 'FLOAT' else 8
    assert _bytes_read() - before < 2 * width * SAMPLE_RATE_HZ + 16384
    for mine in heard:
        np.testing.assert_array_equal(mine, sound[4000:20000])


def _bytes_read() -> int:
    """Return how many bytes this process has read from files, whether from the disk or from memory."""
    with open(READ_BYTES) as counts:
        return int(next(line for line in counts if line.startswith('rchar')).split()[1])


@pytest.mark.parametrize('kind', ['WAVEX', 'FLAC', 'mov'])
def test_a_voice_in_the_centre_of_a_film_comes_3_db_lower_and_not_16(tmp_path, kind):
    voice = speechlike(1.0)
    samples = np.zeros((RATE, 6), dtype=np.float32)
    samples[:, 2] = voice
    path = str(_write_channels(tmp_path, samples, kind, '5.1'))
    np.testing.assert_allclose(open_sound(path).read_audio(0.0, 1.0), voice / np.sqrt(2), atol=1e-3)
    np.testing.assert_allclose(open_sound(path, channel='mean').read_audio(0.0, 1.0), voice / 6, atol=1e-3)
    np.testing.assert_allclose(open_sound(path, channel=3).read_audio(0.2, 0.7), voice[3200:11200], atol=1e-3)
    samples[:, 2], samples[:, 0], samples[:, 1], samples[:, 3] = 0, voice, voice, voice  # nothing of the bass channel
    np.testing.assert_allclose(
        open_sound(_write_channels(tmp_path, samples, kind, '5.1')).read_audio(0.0, 1.0), voice, atol=1e-3
    )


def _write_channels(folder, samples, kind, layout):
    path = folder / f'a.{"mov" if kind == "mov" else "flac" if kind == "FLAC" else "wav"}'
    if kind != 'mov':
        soundfile.write(path, samples, RATE, format=kind)
        return str(path)
    return write_any(path, samples.T, 'pcm_s16le', 'mov', layout=layout)


@pytest.mark.parametrize('kind', ['WAV', 'WAVEX'])
def test_one_of_many_channels_can_be_chosen(tmp_path, kind):
    samples = np.zeros((RATE, 16), dtype=np.float32)
    samples[:, 10] = voice = speechlike(1.0)
    path = _write_channels(tmp_path, samples, kind, '')
    np.testing.assert_allclose(open_sound(path).read_audio(0.0, 1.0), voice / 16, atol=1e-4)  # the mean, as documented
    np.testing.assert_allclose(open_sound(path, channel=11).read_audio(0.0, 1.0), voice, atol=1e-4)
    with pytest.raises(ClipError, match='no channel 17: it has 16'):
        open_sound(path, channel=17).read_audio(0.0, 1.0)
    clip = OpenClip(modalities=('audio',), audio_channel=11)(dict(video_path='', audio_path=path))
    np.testing.assert_allclose(clip['audio_reader'].read_audio(0.0, 1.0), voice, atol=1e-4)
    write_sound(tmp_path, RawClip(id='a', audio='a.wav'), 0.0, 1.0, tmp_path / 'out', channel=11)
    np.testing.assert_allclose(soundfile.read(tmp_path / 'out')[0], voice, atol=1e-4)


def test_a_channel_of_a_video_and_of_impossible_numbers(tmp_path):
    sound = np.stack([speechlike(1.0), np.zeros(RATE, np.float32)])
    path = str(write_media(tmp_path / 'a.mov', counted_frames(25), sound, codecs=('libx264', 'pcm_s16le')))
    for channel, level in ((None, 0.5), ('mean', 0.5), (1, 1.0), (2, 0.0)):
        clip = OpenClip(audio_channel=channel)(dict(video_path=path))
        np.testing.assert_allclose(clip['audio_reader'].read_audio(0.1, 0.9), sound[0, 1600:14400] * level, atol=1e-3)
    for channel in (0, -1, 'left', 1.5, True):
        with pytest.raises(ConfigError, match='a channel must be a number from 1'):
            OpenClip(audio_channel=channel)
        with pytest.raises(ConfigError, match='a channel must be a number from 1'):
            PrepareSettings(dataset='custom', audio_channel=channel)
    assert 'audio_channel' not in PrepareSettings(dataset='custom').record()
    assert PrepareSettings(dataset='custom', audio_channel=2).record()['audio_channel'] == 2


def test_a_gap_of_hours_between_stamps_takes_no_memory(tmp_path):
    path = write_media(tmp_path / 'a.mkv', None, tone(2.0))
    track = MediaFile(str(path)).audio
    for packet in track._packets[len(track._packets) // 2 :]:
        packet.pts += 90_000_000
    assert track.duration_sec > 90_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert track.read_audio(0.0, 1800.0).any()
    with pytest.raises(ClipError, match='look for a gap in its time stamps'):
        track.read_audio(0.0, track.duration_sec)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * MIB
