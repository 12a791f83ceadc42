"""decord and torchcodec keep the contract of readers, and are right for exactly the media that the README names."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from mmcv.transforms import Compose
from mmengine.config import Config

from mmavf.apis import AVFInferencer, Recording, init_model
from mmavf.cli.main import main
from mmavf.datasets.media import FrameReader, MediaFile, SoundReader
from mmavf.datasets.transforms import ReadAudio, ReadFrames, SampleWindow
from mmavf.errors import ClipError
from mmavf.registry import TRANSFORMS
from mmavf.structures.contracts import check_contract
from projects.readers import open_with  # registers, too
from projects.readers.comparison import LIBRARIES, compare, compare_frames, compare_sound, readers, why_missing
from tests.helpers.media import counted_frames, frame_index, write_media
from tests.helpers.models import ROOT
from tests.helpers.sound import speechlike

COUNT = 60
SECONDS = COUNT / 25
UNEVEN = np.random.default_rng(0).uniform(0.02, 0.08, COUNT).cumsum()
MEDIA = {
    'plain.mp4': {},
    'b_frames.mp4': dict(b_frames=2),
    'b_frames.mkv': dict(b_frames=2),
    'vp9.webm': dict(codecs=('libvpx-vp9', 'libopus')),
    'mpeg4.avi': dict(codecs=('mpeg4', 'mp3')),
    'mpeg2.mpg': dict(codecs=('mpeg2video', 'mp2')),
    'plain.ts': {},
    'b_frames.ts': dict(b_frames=2),
    'b_frames.flv': dict(b_frames=2),
    'mjpeg.mov': dict(codecs=('mjpeg', 'pcm_s16le'), pixels='yuvj420p'),
    'sound_0.3_s_late.mp4': dict(audio_delay_sec=0.3),
    'picture_0.2_s_late.mp4': dict(video_delay_sec=0.2),
    'hidden_by_an_edit_list.mp4': dict(video_delay_sec=-0.28, b_frames=2),
    'uneven_times.mp4': dict(stamps_sec=UNEVEN),
    'rotated.mp4': dict(rotation=90),
}
README = (Path(__file__).parent / 'README.md').read_text(encoding='utf-8')
TABLE = [
    [cell.strip() for cell in row.split('|')[1:-1]] for row in re.findall(r'^\| \S+\.\w+ .*\|$', README, re.MULTILINE)
]
MISSING = {library: why_missing(library) for library in LIBRARIES}
INSTALLED = [
    pytest.param(
        name, id=f'{name}_where_it_can_be_loaded', marks=pytest.mark.skipif(bool(why), reason=f'{name}: {why}')
    )
    for name, why in MISSING.items()
]


@pytest.fixture(scope='module')
def media(tmp_path_factory):
    """Write a file once for all tests of the module."""
    folder, frames, sound = tmp_path_factory.mktemp('media'), counted_frames(COUNT), speechlike(SECONDS)

    def make(name: str) -> str:
        if not (folder / name).exists():
            write_media(folder / name, frames, sound, **MEDIA[name])
        return str(folder / name)

    return make


@pytest.mark.parametrize('library', INSTALLED)
def test_readers_keep_the_contract(media, library):
    make_frames, make_sound = readers(library)
    frames, sound = make_frames(media('b_frames.mp4')), make_sound(media('b_frames.mp4'))
    check_contract(frames, FrameReader, 'frames')
    check_contract(sound, SoundReader, 'sound')
    assert frames.frame_times.dtype == np.float64
    np.testing.assert_allclose(frames.frame_times, np.arange(COUNT) / 25, atol=1e-3)
    assert [frame_index(frame) for frame in frames.read_frames([50, 3, 3, 20])] == [50, 3, 3, 20]
    assert [frame_index(frame) for frame in frames.iter_frames([0, 7, 59])] == [0, 7, 59]
    assert frames.read_frames([]) == [] and frames.read_frames([1])[0].shape == (48, 64, 3)
    window = sound.read_audio(-0.5, SECONDS + 0.7)
    assert window.dtype == np.float32 and len(window) == round((SECONDS + 1.2) * 16000)
    assert not window[:7000].any() and not window[-8000:].any() and window[9000:40000].any()
    with pytest.raises(ClipError, match='not a valid window'):
        sound.read_audio(1.0, 0.5)


@pytest.mark.parametrize('library', INSTALLED)
def test_stereo_at_any_window(tmp_path, library):
    rate, path = 48000, str(tmp_path / 'stereo.wav')
    left, right = (0.3 * np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate) for hz in (300.0, 440.0))
    soundfile.write(path, np.stack([left, right], axis=1), rate, subtype='FLOAT')
    make = readers(library)[1]
    assert compare_sound(path, make) == dict(decord='+3 dB', torchcodec='same')[library]
    sound = make(path)
    whole = sound.read_audio(0.0, 2.0)
    for start_sec in (1.0, 0.2, 1.0):  # a window depends on nothing that was read before
        first = round(start_sec * 16000)
        np.testing.assert_array_equal(sound.read_audio(start_sec, start_sec + 0.5), whole[first : first + 8000])


@pytest.mark.parametrize('library', INSTALLED)
def test_what_is_no_media_is_a_clip_error(tmp_path, library):
    (tmp_path / 'a.mp4').write_text('no media')
    for make in readers(library):
        for path in (tmp_path / 'a.mp4', tmp_path / 'lost.mp4', tmp_path):
            with pytest.raises(ClipError):
                make(str(path))


@pytest.mark.parametrize('name', MEDIA)
@pytest.mark.parametrize('library', INSTALLED)
def test_each_library_is_right_where_the_readme_says(media, library, name):
    [row] = compare([media(name)])
    [told] = [row for row in TABLE if row[0] == name]
    place = 1 + 2 * LIBRARIES.index(library)
    assert row[place : place + 2] == told[place : place + 2]


def test_the_readme_names_all_media_and_no_others():
    assert [row[0] for row in TABLE] == [*MEDIA]


def test_the_comparison_finds_frames_that_are_off(media):
    path = media('plain.mp4')

    class Late:
        def __init__(self, path):
            self._video = MediaFile(path, kinds=('video',)).video
            self.frame_times = self._video.frame_times

        def read_frames(self, indices):
            return self._video.read_frames([max(index - 3, 0) for index in indices])

    assert compare_frames(path, Late) == '59 frames off by up to -3'


@TRANSFORMS.register_module()
class OpenWithMediaFile(open_with.OpenWith):
    """As those of the libraries, by a reader that is always there."""

    def __init__(self):
        super().__init__(
            lambda path: MediaFile(path, kinds=('video',)).video, lambda path: MediaFile(path, kinds=('audio',)).audio
        )


def test_a_model_with_another_opener_predicts_on_recordings():
    """They are open already, and may be no files at all."""
    answers = []
    recording = Recording.from_arrays(counted_frames(COUNT), 25.0, speechlike(SECONDS), 16000)
    for opener in ('OpenClip', 'OpenWithMediaFile'):
        cfg = Config.fromfile(ROOT / 'configs/demo/avfmae_tiny_finetune.py')
        cfg.test_dataloader.dataset.pipeline[0] = dict(type=opener)
        torch.manual_seed(0)
        answers.append(AVFInferencer(init_model(cfg, device='cpu'), detector=None)(recording).windows)
    assert answers[0] == answers[1] and len(answers[0]) > 0


def test_lists_of_a_config_with_another_opener_are_checked(media, tmp_path, capsys):
    (tmp_path / 'l.csv').write_text(f'video\n{media("plain.mp4")}\n{tmp_path}/text.mp4\n')
    (tmp_path / 'text.mp4').write_text('no video')
    pipeline = [dict(type='OpenWithMediaFile'), dict(type='SampleWindow', clip_len=4)]
    dataset = dict(type='AVClipDataset', ann_file='l.csv', data_root=str(tmp_path), pipeline=pipeline)
    (tmp_path / 'c.py').write_text(f'train_dataloader = dict(dataset={dataset!r})\n')
    assert main(['check', str(tmp_path / 'c.py'), '--deep', '--workers', '1']) == 1
    errors = capsys.readouterr().err
    assert errors.count('ERROR') == 1 and 'text.mp4' in errors


@pytest.mark.parametrize('library', INSTALLED)
@pytest.mark.parametrize('beside', ['', 'mjpeg.mov'])
def test_a_pipeline_opens_clips_by_either(media, library, beside):
    kind = dict(decord='OpenWithDecord', torchcodec='OpenWithTorchCodec')[library]
    window = SampleWindow(clip_len=8, frame_interval=4, test_mode=True)
    pipeline = Compose([TRANSFORMS.build(dict(type=kind)), window, ReadFrames(), ReadAudio()])
    clip = pipeline(dict(video_path=media('plain.mp4'), audio_path=beside and media(beside)))
    assert [frame_index(image) for image in clip['imgs']] == clip['frame_inds'].ravel().tolist()
    assert len(clip['waveforms'][0]) > 16000
    with pytest.raises(ClipError, match='read by the package alone'):
        pipeline(dict(video_path=media('plain.mp4'), audio_path='', start=1.0, end=2.0))
