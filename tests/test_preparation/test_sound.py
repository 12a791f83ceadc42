"""The sound of a raw clip keeps its place in time and its loudness."""

import numpy as np
import pytest
import soundfile

from mmavf.errors import ClipError
from mmavf.preparation import RawClip
from mmavf.preparation.sound import write_sound

from ..helpers.media import counted_frames, onset_sec, tone, write_media, write_wav


def written(raw, clip, start_sec, end_sec):
    """Facts and samples (N,) int16 of a part of a clip's sound."""
    facts = write_sound(raw, clip, start_sec, end_sec, raw / 'out.part')
    samples, rate = soundfile.read(raw / 'out.part', dtype='int16')
    assert rate == 16000 and soundfile.info(raw / 'out.part').subtype == 'PCM_16'
    return facts, samples


def test_a_16_bit_file_comes_out_as_it_is(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 16000).astype(np.int16)
    soundfile.write(tmp_path / 'a.wav', samples, 16000, subtype='PCM_16')
    facts, out = written(tmp_path, RawClip(id='a', video='a.mp4', audio='a.wav'), 0.25, 0.75)
    np.testing.assert_array_equal(out, samples[4000:12000])
    assert facts == (False, 0, 0)


@pytest.mark.parametrize('name', ['a.wav', 'a.mp4', 'a.mkv'])
def test_a_part_of_a_long_file_starts_where_the_clip_does(tmp_path, name):
    sound = tone(6.0, onset_sec=3.5, rate_hz=44100)
    if name == 'a.wav':
        write_wav(tmp_path / name, np.stack([sound, sound], axis=1), 44100)
    else:
        write_media(tmp_path / name, counted_frames(99), sound, rate_hz=44100, fps=16.5)
    facts, out = written(tmp_path, RawClip(id='a', video=name, start_sec=2.0, end_sec=5.0), 0.5, 2.5)
    assert len(out) == 32000 and onset_sec(out / 32768) == pytest.approx(1.0, abs=0.01)
    assert np.abs(out[20000:]).max() / 32768 == pytest.approx(0.5, abs=0.03)
    assert facts.starts_late_sec == facts.ends_early_sec == 0


def test_sound_that_starts_late_and_ends_early_is_filled_with_zeros(tmp_path):
    write_media(tmp_path / 'a.mkv', counted_frames(99), tone(2.0), audio_delay_sec=1.0)
    facts, out = written(tmp_path, RawClip(id='a', video='a.mkv'), 0.5, 4.0)
    assert facts.starts_late_sec == pytest.approx(0.5, abs=0.07)  # AAC begins with 64 ms that are thrown away
    assert facts.ends_early_sec == pytest.approx(1.0, abs=0.1)
    assert len(out) == 56000 and not out[:7000].any() and not out[-14000:].any()
    assert onset_sec(out / 32768) == pytest.approx(0.5, abs=0.01)


def test_a_window_beyond_the_sound_is_no_clip(tmp_path):
    write_wav(tmp_path / 'a.wav', tone(1.0))
    with pytest.raises(ClipError, match='a.wav: no sound between 1 and 2 s'):
        written(tmp_path, RawClip(id='a', audio='a.wav'), 1.0, 2.0)
    write_media(tmp_path / 'a.mp4', counted_frames(90), tone(1.0))
    with pytest.raises(ClipError, match='a.mp4: '):
        written(tmp_path, RawClip(id='a', video='a.mp4'), 2.0, 3.0)


@pytest.mark.parametrize(('amplitude', 'silent'), [(0, True), (5e-4, True), (5e-3, False)])
def test_silence_is_reported(tmp_path, amplitude, silent):
    write_wav(tmp_path / 'a.wav', tone(1.0) * 2 * amplitude)
    facts, out = written(tmp_path, RawClip(id='a', audio='a.wav'), 0, 1)
    assert facts.silent is silent and out.any() == bool(amplitude)


def test_more_than_full_scale_is_cut_and_not_wrapped(tmp_path):
    write_wav(tmp_path / 'a.wav', tone(1.0) * 4, subtype='FLOAT')
    _, out = written(tmp_path, RawClip(id='a', audio='a.wav'), 0, 1)
    assert out.max() == 32767 and out.min() == -32768 and out[9] > 0  # the first quarter of the first wave


def test_the_same_source_gives_the_same_bytes(tmp_path):
    write_media(tmp_path / 'a.mp4', counted_frames(50), tone(2.0, rate_hz=48000), rate_hz=48000)
    for name in 'xy':
        write_sound(tmp_path, RawClip(id='a', video='a.mp4'), 0.3, 1.7, tmp_path / name)
    assert (tmp_path / 'x').read_bytes() == (tmp_path / 'y').read_bytes()


def test_clips_without_usable_sound(tmp_path):
    write_media(tmp_path / 'a.mp4', counted_frames(10), None)
    with pytest.raises(ClipError, match='a.mp4: the file has no sound stream'):
        written(tmp_path, RawClip(id='a', video='a.mp4'), 0, 0.4)
    write_wav(tmp_path / 'nan.wav', np.full(1600, np.nan, dtype=np.float32), subtype='FLOAT')
    with pytest.raises(ClipError, match='not finite'):
        written(tmp_path, RawClip(id='a', audio='nan.wav'), 0, 0.1)
    write_media(tmp_path / 'cut.mp4', counted_frames(50), tone(2.0))
    (tmp_path / 'cut.mp4').write_bytes((tmp_path / 'cut.mp4').read_bytes()[:3000])
    with pytest.raises(ClipError, match='cut.mp4'):
        written(tmp_path, RawClip(id='a', video='cut.mp4'), 0, 1)
    (tmp_path / 'folder').mkdir()
    with pytest.raises(ClipError, match='folder: '):
        written(tmp_path, RawClip(id='a', video='folder'), 0, 1)
