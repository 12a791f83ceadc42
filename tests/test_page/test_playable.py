"""Media for the player: what browsers play stays as it is, anything else is written anew with the same times."""

import av
import numpy as np
import pytest

from mmavf.apis import open_recording
from mmavf.datasets.media import MediaFile
from mmavf.page.playable import plays_as_it_is, write_playable
from tests.helpers.media import counted_frames, frame_index, onset_sec, tone, write_media, write_wav
from tests.helpers.timelines import classifier, source, timeline


def streams(path):
    with av.open(str(path)) as container:
        return container.format.name, [stream.codec_context.name.removesuffix('float') for stream in container.streams]


@pytest.mark.parametrize(
    ('name', 'codecs', 'options', 'plays'),
    [
        ('a.mp4', ('libx264', 'aac'), {}, True),
        ('a.mov', ('libx264', 'aac'), {}, True),
        ('a.mp4', ('libx264', 'libmp3lame'), {}, True),
        ('a.mp4', ('libx264', 'aac'), dict(pixels='yuv444p'), False),
        ('a.mp4', ('libx264', 'ac3'), dict(rate_hz=48000), False),
        ('a.mkv', ('libx264', 'aac'), {}, False),
        ('a.mp4', ('libx265', 'aac'), {}, False),
        ('a.mpg', ('mpeg1video', 'mp2'), dict(rate_hz=44100), False),
        ('a.avi', ('mpeg4', 'libmp3lame'), dict(rate_hz=44100), False),
        ('a.webm', ('libvpx', 'libopus'), dict(rate_hz=48000), False),
    ],
)
def test_every_recording_becomes_one_that_browsers_play(tmp_path, name, codecs, options, plays):
    rate_hz = options.get('rate_hz', 16000)
    path = write_media(tmp_path / name, counted_frames(30), tone(1.2, 0.4, rate_hz), codecs=codecs, **options)
    assert plays_as_it_is(path) is plays
    recording = open_recording(path)
    write_playable(recording, path, timeline(source(path), classifier()), tmp_path / 'out.mp4')
    assert plays_as_it_is(tmp_path / 'out.mp4') or streams(tmp_path / 'out.mp4')[1][1] in ('opus', 'flac')
    after = MediaFile(str(tmp_path / 'out.mp4'))
    np.testing.assert_allclose(after.video.frame_times, recording.frames.frame_times, atol=1e-3)
    # small pictures are enlarged for what is drawn into them, so only the index is compared
    assert [frame_index(frame) for frame in after.video.read_frames([0, 17, 29])] == [0, 17, 29]
    heard = [sound.read_audio(0.0, 1.2) for sound in (recording.sound, after.audio)]
    assert onset_sec(heard[0]) == pytest.approx(onset_sec(heard[1]), abs=0.01)


def test_sound_alone_is_written_as_aac(tmp_path):
    path = write_wav(tmp_path / 'a.wav', tone(1.5, 0.6))
    assert not plays_as_it_is(path)
    write_playable(open_recording(path), path, timeline(source(path, video=False), classifier()), tmp_path / 'out.mp4')
    assert streams(tmp_path / 'out.mp4')[1] == ['aac'] and plays_as_it_is(tmp_path / 'out.mp4')
    assert onset_sec(MediaFile(str(tmp_path / 'out.mp4')).audio.read_audio(0.0, 1.5)) == pytest.approx(0.6, abs=0.01)
