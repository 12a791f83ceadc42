"""A visitor's clip: limits, answers to what cannot be used, what is left afterwards."""

import pytest
import torch

from mmavf.apis import AVFInferencer, init_model
from mmavf.errors import ClipError, MissingModalityError
from mmavf.page.analysis import MB, Analysis, Limits
from mmavf.page.shelf import Shelf
from mmavf.timeline import read_json
from tests.helpers.media import counted_frames, tone, write_media
from tests.helpers.models import ROOT


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return init_model(ROOT / 'configs/demo/avfmae_tiny_finetune.py', device='cpu')


@pytest.fixture
def shelf():
    with Shelf() as opened:
        yield opened


def put(shelf, name, content=None, **options):
    path = shelf.uploads / name
    if content is not None:
        path.write_bytes(content)
    else:
        sound = tone(1.2, 0.2) if options.pop('sound', True) else None
        write_media(path, counted_frames(30), sound, **options)
    return shelf.put('visitor', path)


def files(shelf):
    return sorted(path.name for path in shelf.uploads.parent.rglob('*') if path.is_file())


@pytest.mark.parametrize(
    ('name', 'options', 'same'), [('a.mp4', {}, True), ('a b.avi', dict(codecs=('mpeg4', 'pcm_s16le')), False)]
)
def test_a_clip_becomes_what_predict_says_and_its_upload_is_removed(shelf, model, name, options, same):
    clip = put(shelf, name, **options)
    infer = AVFInferencer(model, detector=None)
    wanted, content, counts = infer(clip.upload), clip.upload.read_bytes(), []
    timeline = Analysis(infer).run(clip, lambda done, count: counts.append((done, count)))
    assert files(shelf) == ['look_1_0.jpg', 'media.mp4', 'timeline.csv', 'timeline.json']
    assert ((clip.folder / 'media.mp4').read_bytes() == content) is same
    assert timeline.windows == wanted.windows and timeline.source.path == name
    assert read_json(clip.folder / 'timeline.json').source.path == name
    assert counts[0] == (0, 1) and counts[-1] == (1, 1)


def test_a_model_in_bfloat16_has_pictures_of_what_mattered(shelf, monkeypatch):
    monkeypatch.setattr('mmavf.apis.batch.has_bf16_units', lambda device_type: True)
    config = ROOT / 'configs/demo/avfmae_tiny_finetune.py'
    infer = AVFInferencer(config, device='cpu', precision='bfloat16', detector=None)
    Analysis(infer).run(put(shelf, 'a.mp4'))
    assert 'look_1_0.jpg' in files(shelf)


@pytest.mark.parametrize(
    ('name', 'content', 'options', 'message'),
    [
        ('empty.mp4', b'', {}, 'empty.mp4: cannot be opened as media (it is empty)'),
        ('text.mp4', b'this is a text\n' * 20, {}, 'text.mp4: cannot be opened as media'),
        ('silent.mp4', None, dict(sound=False), 'silent.mp4: no face and no sound, which the model needs'),
        ('no face.mp4', None, {}, 'no face.mp4: no face, which the model needs'),
        ('no suffix', b'', {}, 'no suffix: cannot be opened as media'),
    ],
)
def test_what_cannot_be_used_gets_a_sentence_without_folders_of_the_server(
    shelf, model, name, content, options, message
):
    clip = put(shelf, name, content, **options)
    with pytest.raises(ClipError) as error:
        Analysis(AVFInferencer(model)).run(clip)
    assert str(error.value).startswith(message) and str(shelf.uploads.parent) not in str(error.value)
    assert isinstance(error.value, MissingModalityError) == ('which the model needs' in message)
    assert files(shelf) == []


def test_limits_come_before_anything_is_predicted(shelf, model):
    infer = AVFInferencer(model, detector=None)
    long = Analysis(infer, Limits(max_sec=1.0))
    with pytest.raises(ClipError, match=r'^a.mp4: the clip is too long: 1\.[23] seconds; the limit is 1 seconds'):
        long.run(put(shelf, 'a.mp4'), lambda done, count: pytest.fail('it was predicted'))
    large = Analysis(infer, Limits(max_mb=1.0))
    with pytest.raises(ClipError, match=r'^b.mp4: 2 MB are too many; the limit is 1 MB'):
        large.run(put(shelf, 'b.mp4', bytes(2 * MB)))
    assert files(shelf) == []


def test_a_visitor_who_leaves_leaves_nothing(shelf, model):
    clip = put(shelf, 'a.mp4')

    def leave(done, count):
        shelf.remove('visitor')

    with pytest.raises((ClipError, OSError)):
        Analysis(AVFInferencer(model, detector=None)).run(clip, leave)
    assert files(shelf) == []
