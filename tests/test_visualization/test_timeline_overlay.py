from fractions import Fraction

import av
import numpy as np
import pytest

from mmavf.datasets.media import ArrayFrames, ArraySound, MediaFile
from mmavf.errors import ClipError
from mmavf.timeline import Track, Window
from mmavf.visualization import frame_labels
from mmavf.visualization.frame_labels import FrameLabels
from mmavf.visualization.text_pixels import text_pixels
from mmavf.visualization.timeline_overlay import CODECS, write_overlay
from tests.helpers.media import counted_frames, frame_index, onset_sec, tone, write_media
from tests.helpers.timelines import classifier, regressor, source, timeline

UNEVEN = [0.0, 0.04, 0.1, 0.11, 0.3, 0.5, 0.52, *(0.6 + 0.033 * np.arange(40)).tolist()]


def overlay(path, out):
    """Write the overlay of a file, with nothing to draw; return both files, opened."""
    media = MediaFile(str(path))
    write_overlay(timeline(source(path), classifier()), out, media.video, media.audio)
    return media, MediaFile(str(out))


@pytest.mark.parametrize(
    ('name', 'codecs', 'options', 'kept'),
    [
        ('a.mp4', ('libx264', 'aac'), {}, 'aac'),
        ('a.mp4', ('libx264', 'aac'), dict(stamps_sec=UNEVEN, audio_delay_sec=0.3), 'aac'),
        ('a.mp4', ('libx264', 'aac'), dict(video_delay_sec=0.5, b_frames=2, fps=Fraction(30000, 1001)), 'aac'),
        ('a.mkv', ('libx264', 'flac'), dict(audio_delay_sec=0.4), 'flac'),
        ('a.mkv', ('libx264', 'libopus'), dict(rate_hz=48000, video_delay_sec=0.2), 'opus'),
        ('a.mkv', ('libx264', 'pcm_s16le'), dict(audio_delay_sec=0.25), 'aac'),
        ('a.mpg', ('mpeg2video', 'mp2'), dict(rate_hz=44100), 'aac'),
        ('a.avi', ('mpeg4', 'libmp3lame'), dict(rate_hz=44100), 'aac'),
    ],
)
def test_pictures_and_sound_keep_their_times(tmp_path, name, codecs, options, kept):
    count = len(options.get('stamps_sec', range(50)))
    sound = tone(2.0, 0.9, options.get('rate_hz', 16000))
    path = write_media(tmp_path / name, counted_frames(count), sound, codecs=codecs, **options)
    before, after = overlay(path, tmp_path / 'out.mp4')
    np.testing.assert_allclose(after.video.frame_times, before.video.frame_times, atol=1e-3)
    for index in (0, count // 2, count - 1):
        assert frame_index(after.video.read_frames([index])[0]) == index
    heard = [onset_sec(media.audio.read_audio(0.0, 3.0)) for media in (before, after)]
    assert heard[0] == pytest.approx(heard[1], abs=0.01) and heard[0] > 0.8
    with av.open(str(tmp_path / 'out.mp4')) as out:
        assert [stream.codec_context.name.removesuffix('float') for stream in out.streams.audio] == [kept]
        assert [stream.codec_context.pix_fmt for stream in out.streams.video] == ['yuv420p']
        assert [stream.codec_context.name for stream in out.streams.video] == ['h264']


def test_copied_sound_is_the_same_bytes(tmp_path):
    path = write_media(tmp_path / 'a.mp4', counted_frames(50), tone(2.0, 0.5), codecs=('libx264', 'aac'))
    overlay(path, tmp_path / 'out.mp4')
    packets = []
    for file in (path, tmp_path / 'out.mp4'):
        with av.open(str(file)) as media:
            packets.append([bytes(packet) for packet in media.demux(media.streams.audio[0]) if packet.size])
    assert packets[0] == packets[1] and len(packets[0]) > 20


def test_without_x264_it_is_mpeg4(tmp_path, monkeypatch):
    monkeypatch.setattr('av.codecs_available', {'mpeg4', 'aac'})
    frames = ArrayFrames(counted_frames(20), np.arange(20) * 0.04 + 0.1)
    write_overlay(timeline(source(), classifier()), tmp_path / 'out.mp4', frames, None)
    video = MediaFile(str(tmp_path / 'out.mp4')).video
    assert [frame_index(frame) for frame in video.read_frames(range(20))] == list(range(20))
    assert set(CODECS) == {'libx264', 'mpeg4'}


def test_an_odd_picture_from_memory_is_enlarged_and_gets_another_row_and_column(tmp_path):
    pixels = np.full((12, 37, 53, 3), 90, np.uint8)
    pixels[:, -1, -1] = 255
    frames, sound = ArrayFrames(pixels, np.arange(12) * 0.1), ArraySound(tone(1.2, 0.6), 16000)
    write_overlay(timeline(source('from memory'), classifier()), tmp_path / 'out.mp4', frames, sound)
    after = MediaFile(str(tmp_path / 'out.mp4'))
    assert after.video.read_frames([3])[0].shape == (7 * 37 + 1, 7 * 53 + 1, 3)
    assert onset_sec(after.audio.read_audio(0, 1.2)) == pytest.approx(0.6, abs=0.01)


def test_a_damaged_recording_leaves_no_file(tmp_path):
    class Broken(ArrayFrames):
        def iter_frames(self, indices):
            yield from super().iter_frames(list(indices)[:5])
            raise ClipError('damaged')

    frames = Broken(counted_frames(20), np.arange(20) * 0.04)
    with pytest.raises(ClipError, match='damaged'):
        write_overlay(timeline(source(), classifier()), tmp_path / 'out.mp4', frames, None)
    assert list(tmp_path.iterdir()) == []


PLACED = Track(1, 1.0, 4.0, (1.0,), ((100.0, 120.0, 80.0, 0.0),))


@pytest.mark.parametrize('model', [classifier(('a', 'b')), regressor()], ids=['classes', 'dimensions'])
def test_a_face_has_a_square_and_the_scores_of_its_window_at_each_time(model, monkeypatch):
    written = []
    monkeypatch.setattr(frame_labels, 'write_text', lambda frame, text, *rest: written.append(text))
    made = [Window(1, 1, 2, (0.75, 0.25)), Window(1, 2, 3, (0.5, 0.5), ('audio',)), Window(None, 0, 1, (0.1, 0.9))]
    labels = FrameLabels(timeline(source(), model, [PLACED], made))
    seen = {}
    for time in (0.5, 1.5, 2.5, 3.5, 4.5):
        frame = np.zeros((240, 320, 3), np.uint8)
        labels.draw(frame, time)
        seen[time] = written.copy()
        written.clear()
        inside = frame[90:150, 70:130]
        assert frame[80:161, 60:141].any() == (1 <= time < 4) and not inside.any()
    named = model.kind == 'classification'
    assert seen[0.5] == ['sound: b 90 %' if named else 'sound', *model.names]
    assert seen[1.5] == ['1: a 75 %' if named else '1', *model.names]
    assert seen[2.5] == ['1: a 50 % (without sound)' if named else '1 (without sound)', *model.names]
    assert seen[3.5] == ['1'] and seen[4.5] == []


def test_a_square_grows_with_the_frame():
    frames = [np.zeros((240 * scale, 320 * scale, 3), np.uint8) for scale in (1, 2)]
    for scale, frame in enumerate(frames, 1):
        FrameLabels(timeline(source(), classifier(), [PLACED])).draw(frame, 2.0, scale)
    outlines = [np.argwhere(frame.any(axis=2)) for frame in frames]
    assert abs(outlines[1].max(axis=0) - 2 * outlines[0].max(axis=0)).max() <= 4


def test_bars_are_as_long_as_the_scores(monkeypatch):
    monkeypatch.setattr(frame_labels, 'write_text', lambda *args: None)
    for score, length in ((0.25, 11), (0.5, 22), (1.0, 44)):
        line = timeline(source(), classifier(('a', 'b')), [PLACED], [Window(1, 1, 4, (score, 1 - score))])
        frame = np.zeros((240, 320, 3), np.uint8)
        FrameLabels(line).draw(frame, 2.0)
        blue = (frame[:, 150:] == [0x3F, 0x90, 0xDA]).all(axis=2).any(axis=0)
        assert blue.sum() == pytest.approx(length + 1, abs=1)


def test_letters_beyond_ascii_are_drawn():
    a, umlaut = text_pixels('Arger', 20), text_pixels('Ärger', 20)
    assert a.shape[0] == umlaut.shape[0] == 27 and umlaut.min() >= 0 and umlaut.max() <= 1
    assert umlaut[:8].sum() > a[:8].sum() + 2  # its dots
    lowest = [np.flatnonzero(line.max(axis=1) > 0.5)[-1] for line in (a, umlaut, text_pixels('a', 20))]
    assert lowest[0] == lowest[1] > lowest[2] and lowest[2] == pytest.approx(19, abs=1)  # on one line, g below it
