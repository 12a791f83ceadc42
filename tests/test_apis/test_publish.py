"""A published folder gives what its checkpoint gives, runs nothing, and says what is wrong with it."""

import json
import re
import shutil
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from safetensors.torch import load_file, save_file

from mmavf.apis import init_model, list_loader, run_batch
from mmavf.apis.marginals import output_of
from mmavf.apis.onnx_export import add_onnx
from mmavf.apis.publish import publish_model
from mmavf.checkpoints.published import read_card, read_published, update_card
from mmavf.cli.main import main
from mmavf.engine.config_file import load_config
from mmavf.errors import CheckpointError, ClipError, ConfigError, ListError
from mmavf.models.heads import ClassificationHead
from mmavf.registry import MODELS
from tests.helpers.media import tone, write_media, write_wav
from tests.helpers.models import ROOT

DEMO = ROOT / 'configs/demo'
FINETUNE = DEMO / 'avfmae_tiny_finetune.py'


@cache
def made(config):
    """Weights of a model, and its config as text."""
    cfg = load_config(str(config))
    torch.manual_seed(0)
    return init_model(cfg, device='cpu').state_dict(), cfg.pretty_text


def save_checkpoint(path, config=FINETUNE, **meta):
    """Write a checkpoint as a training does, with the config as text."""
    weights, text = made(config)
    torch.save(dict(state_dict=weights, meta=dict(dict(cfg=text, epoch=3), **meta)), path)
    return path


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    return save_checkpoint(tmp_path_factory.mktemp('run') / 'epoch_3.pth')


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Three clips with a list."""
    folder = tmp_path_factory.mktemp('clips')
    rng = np.random.default_rng(0)
    for name in 'abc':
        write_media(folder / f'{name}.mp4', rng.integers(0, 256, (70, 64, 64, 3), dtype=np.uint8), tone(2.8))
    (folder / 'clips.csv').write_text('video\na.mp4\nb.mp4\nc.mp4\n')
    return folder


@pytest.fixture(scope='module')
def published(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp('published') / 'model'
    publish_model(checkpoint, folder, device='cpu')
    return folder


@pytest.fixture
def folder(published, tmp_path):
    """A published model that a test may change."""
    return shutil.copytree(published, tmp_path / 'model')


def scores(model, clips):
    loader = list_loader(model.cfg, 'clips.csv', clips)
    return torch.stack([sample.pred_score for batch in loader for sample in run_batch(model, batch)])


def test_a_published_folder_gives_bit_equal_results_to_its_checkpoint(folder, checkpoint, clips):
    published = init_model(folder, device='cpu')
    assert torch.equal(scores(published, clips), scores(init_model(FINETUNE, checkpoint, 'cpu'), clips))
    assert published.dataset_meta == init_model(FINETUNE, checkpoint, 'cpu').dataset_meta
    assert published.card == json.loads((folder / 'model.json').read_text()) == read_card(folder)
    assert published.marginals == {} and not published.training


def test_a_batch_without_a_usable_clip_has_no_predictions(folder, clips, tmp_path):
    model = init_model(folder, device='cpu')
    model.cfg.test_dataloader.batch_size = 1
    (tmp_path / 'b.mp4').write_text('no video')
    (tmp_path / 'mixed.csv').write_text(f'video\n{clips}/a.mp4\nb.mp4\n')
    shown = []
    for batch in list_loader(model.cfg, 'mixed.csv', tmp_path):
        shown += [(sample.sample_id, 'pred_score' in sample) for sample in run_batch(model, batch)]
        shown += [(sample.sample_id, sample.error) for sample in batch['failures']]
        if batch['inputs'] is None:
            with pytest.raises(ClipError, match='no clip of the batch can be used'):
                run_batch(model, batch, mode='tensor')
    assert [Path(name).stem for name, _ in shown] == ['a', 'b']
    assert shown[0][1] is True and 'b.mp4' in shown[1][1]


@pytest.mark.parametrize('name', ['pretrain', 'pretrain_audio', 'pretrain_exact', 'speech'])
def test_every_kind_of_model_can_be_published(name, tmp_path):
    path = save_checkpoint(tmp_path / 'a.pth', DEMO / f'avfmae_tiny_{name}.py')
    card = publish_model(path, tmp_path / 'out', device='cpu')
    model, source = init_model(tmp_path / 'out', device='cpu'), torch.load(path, weights_only=True)['state_dict']
    assert model.state_dict().keys() == source.keys()
    assert all(torch.equal(value, source[key]) for key, value in model.state_dict().items())
    assert not {'RandomGain', 'PerView'} & {step['type'] for step in card['preprocessing']['pipeline']}
    assert card['task'] == ('classification' if name == 'speech' else 'features')


def test_the_card_says_what_goes_in_and_where_it_comes_from(tmp_path):
    record = dict(
        target='ravdess', fold='2', selection='strict', corpora=['/data/me/ravdess'], lists={'/data/me/a/l.csv': 'f00'}
    )
    path = save_checkpoint(tmp_path / 'a.pth', protocol=dict(record, files=torch.zeros(3)))
    result = dict(num_clips=9, key='war', metrics=dict(war=0.5), intervals=dict(war=[0.4, 0.6]), selection='strict')
    classes = init_model(FINETUNE, device='cpu').dataset_meta['classes']
    result |= dict(classes=classes, test=dict(fold='2', column='fold', lists={'/data/me/l.csv': 'abc'}, overlap=None))
    (tmp_path / 'metrics.json').write_text(json.dumps(result))
    settings = dict(detector='cascade', choose='largest', align_eyes=False, size=160, max_missing=0.5)
    (tmp_path / 'manifest.json').write_text(json.dumps(dict(settings=settings)))
    publish_model(
        path,
        tmp_path / 'out',
        results=[tmp_path],
        licence='CC0',
        origin='a test',
        fps=25,
        manifest=tmp_path / 'manifest.json',
        device='cpu',
    )
    card = read_card(tmp_path / 'out')
    video = card['preprocessing']['video']
    assert (video['frames'], video['frame_interval'], video['fps'], video['size']) == (4, 16, 25, [96, 96])
    assert video['window_sec'] == pytest.approx(4 * 16 / 25)
    assert card['preprocessing']['audio']['sample_rate_hz'] == 16000
    assert card['preprocessing']['face_crop'] == dict(
        detector='cascade', choose='largest', align_eyes=False, size=160, every=5, margin=0.3, max_gap_sec=1.0
    ) | dict(smooth_sec=0.3)
    assert card['training']['records'][0]['corpora'] == ['ravdess']
    assert card['training']['records'][0]['lists'] == [dict(name='me/a/l.csv', sha256='f00')]
    assert card['metrics'][0]['metrics'] == dict(war=0.5) and card['metrics'][0]['fold'] == '2'
    rights = {path.stat().st_mode & 0o777 for path in (tmp_path / 'out').iterdir()}
    assert rights == {(tmp_path / 'manifest.json').stat().st_mode & 0o777}
    text = (tmp_path / 'out/README.md').read_text()
    for part in ('CC0', 'a test', '0.5000', '0.4000 to 0.6000', 'ravdess', 'anger'):
        assert part in text
    assert '/home' not in text + (tmp_path / 'out/model.json').read_text()


def test_only_the_tests_of_a_checkpoint_are_published_with_it(clips, tmp_path):
    (clips / 'tested.csv').write_text('video,label,fold\na.mp4,anger,1\nb.mp4,fear,1\nc.mp4,anger,1\n')
    record = dict(target=None, column='fold', fold='1', selection='strict', val_share=0.1, allow_overlap=False)
    record |= dict(corpora=('mine',), lists={'l.csv': 'f00'}, stage='finetune')
    times = dict(time='20261129_100000', mmengine_version='0.10.7' + 'a' * 40)
    fine = save_checkpoint(tmp_path / 'a.pth', protocol=dict(record, files=torch.zeros(3, 2)), **times)
    tested = dict(data_root=clips, ann_file='tested.csv', allow_missing_classes=True)
    options = [f'test_dataloader.dataset.{key}={value}' for key, value in tested.items()]
    options = ['--cfg-options', *options, 'protocol.allow_overlap=True', 'test_dataloader.num_workers=0']
    options += ['test_dataloader.persistent_workers=False', '--fold', '1']
    assert main(['test', str(FINETUNE), str(fine), '--out', str(tmp_path / 'test'), *options]) == 0
    card = publish_model(fine, tmp_path / 'out', results=[tmp_path / 'test'], device='cpu')
    assert card['metrics'][0]['num_clips'] == 3
    for name, changed, message in (
        ('epoch', dict(epoch=4), 'its epoch is 3, and that of this one is 4'),
        ('time', dict(time='20261129_110000'), 'its time is 20261129_100000, and'),
        ('fold', dict(protocol=dict(record, fold='2')), 'its fold is 1, and that of this one is 2'),
    ):
        other = save_checkpoint(tmp_path / f'{name}.pth', **(dict(protocol=record) | times | changed))
        with pytest.raises(ConfigError, match=f'test of another checkpoint .*a.pth.*: {message}'):
            publish_model(other, tmp_path / 'other', results=[tmp_path / 'test'], device='cpu')
        assert not (tmp_path / 'other').exists()


def test_the_averaged_weights_are_published_where_a_test_uses_them(tmp_path):
    path = save_checkpoint(tmp_path / 'a.pth')
    content = torch.load(path, weights_only=True)
    content['ema_state_dict'] = {name: value + 1 for name, value in content['state_dict'].items()}
    torch.save(content, path)
    publish_model(path, tmp_path / 'out', device='cpu')
    found = read_published(tmp_path / 'out')
    assert found.card['weights']['averaged']
    assert torch.equal(found.state_dict['head.fc.weight'], content['state_dict']['head.fc.weight'])


def test_mean_tokens_stand_for_a_modality(checkpoint, clips, tmp_path):
    publish_model(checkpoint, tmp_path / 'out', marginal_list='clips.csv', data_root=clips, device='cpu')
    model = init_model(tmp_path / 'out', device='cpu')
    assert model.card['marginals']['num_clips'] == 3
    (batch,) = list_loader(model.cfg, 'clips.csv', clips)
    with torch.no_grad():
        inputs = model.data_preprocessor(batch)['inputs']
        encoded = model.encode(inputs)
        for modality, mean in model.marginals.items():
            torch.testing.assert_close(mean.tokens, encoded[modality].tokens.mean(0, keepdim=True), rtol=0, atol=1e-6)
            torch.testing.assert_close(mean.regions, encoded[modality].regions.mean(0, keepdim=True), rtol=0, atol=1e-6)
            assert torch.equal(mean.token_ids, encoded[modality].token_ids)
    alone = dict(batch, inputs=dict(video=batch['inputs']['video']))
    given = dict(audio=model.marginals['audio'])
    one, two = (torch.stack([s.pred_score for s in run_batch(model, b, given=given)]) for b in (alone, batch))
    assert torch.equal(one, two)  # the sound that is there does not count
    assert not torch.equal(one, torch.stack([s.pred_score for s in run_batch(model, batch)]))
    assert output_of(read_published(tmp_path / 'out').marginals, 'audio', 'cpu').hidden == ()


def edit(folder, change):
    card = json.loads((folder / 'model.json').read_text())
    change(card)
    (folder / 'model.json').write_text(json.dumps(card))


def replace_weights(folder, change):
    """Write other weights, with their hash in the card."""
    path = folder / 'model.safetensors'
    weights = load_file(path)
    change(weights)
    save_file(weights, path)
    edit(folder, lambda card: card['weights'].update(sha256=sha256(path.read_bytes()).hexdigest()))


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


BAD = {
    'no card': (lambda f: (f / 'model.json').unlink(), 'has no model.json, so it is not a published model'),
    'no weights': (lambda f: (f / 'model.safetensors').unlink(), 'model.safetensors is missing, so the model is not'),
    'card cut off': (lambda f: cut(f / 'model.json'), 'model.json is cut off or damaged'),
    'weights cut off': (
        lambda f: cut(f / 'model.safetensors'),
        'is not the file that the card beside it was written for',
    ),
    'foreign': (lambda f: (f / 'model.json').write_text('{"model_type": "bert"}'), 'it has no number `schema`'),
    'not an object': (lambda f: (f / 'model.json').write_text('[1]'), 'it has no number `schema`'),
    'newer': (
        lambda f: edit(f, lambda c: c.update(schema=2)),
        'is of schema 2, and this version of mmavf reads up to 1',
    ),
    'field gone': (lambda f: edit(f, lambda c: c.pop('metrics')), 'lacks metrics'),
    'no pipeline': (lambda f: edit(f, lambda c: c['preprocessing'].pop('pipeline')), 'lacks preprocessing.pipeline'),
    'no hash': (lambda f: edit(f, lambda c: c['weights'].update(sha256='?')), 'weights.sha256 is no SHA-256'),
    'class gone': (
        lambda f: edit(f, lambda c: c['names'].pop()),
        'names 5 outputs .* and the head of the weights has 6',
    ),
    'no names': (lambda f: edit(f, lambda c: c.update(names=[])), r'names 0 outputs \(none\)'),
    'unknown task': (lambda f: edit(f, lambda c: c.update(task='art')), 'task must be one of classification'),
    'weight gone': (
        lambda f: replace_weights(f, lambda w: w.pop('head.norm.bias')),
        'the weights do not fit .*norm.bias',
    ),
    'other shape': (
        lambda f: replace_weights(f, lambda w: w.update({'head.norm.bias': torch.zeros(3)})),
        'the weights do not fit the model',
    ),
    'not finite': (
        lambda f: replace_weights(f, lambda w: w['head.norm.bias'].fill_(torch.nan)),
        'head.norm.bias. It is damaged',
    ),
    'no safetensors': (
        lambda f: (
            (f / 'model.safetensors').write_bytes(b'12345678'),
            edit(f, lambda c: c['weights'].update(sha256=sha256(b'12345678').hexdigest())),
        ),
        'is no safetensors file',
    ),
    'a module': (
        lambda f: edit(f, lambda c: c['architecture'].update(imports=['antigravity'])),
        'asks for the module antigravity. A published model runs no code',
    ),
    'a function': (
        lambda f: edit(f, lambda c: c['preprocessing']['pipeline'].insert(0, dict(type='os.system', command='true'))),
        "there is no transform 'os.system' in mmavf",
    ),
    'a transform that reads files': (
        lambda f: edit(f, lambda c: c['preprocessing']['pipeline'].insert(0, dict(type='mmaction.LoadHVULabel'))),
        "there is no transform 'mmaction.LoadHVULabel' in mmavf",
    ),
    'a reader of pickles': (
        lambda f: edit(f, lambda c: c['architecture']['model'].update(head=dict(type='mmengine.load', file='x.pkl'))),
        "there is no model 'mmengine.load' in mmavf",
    ),
    'another scope': (
        lambda f: edit(f, lambda c: c['architecture']['model'].update(_scope_='os')),
        "there is no model '_scope_=os'",
    ),
    'unknown argument': (
        lambda f: edit(f, lambda c: c['architecture']['model'].update(magic=1)),
        'has no such model: .*magic',
    ),
}


@pytest.mark.parametrize('name', BAD)
def test_a_bad_folder_is_refused_in_a_sentence(name, folder):
    spoil, message = BAD[name]
    spoil(folder)
    with pytest.raises(CheckpointError, match=f'(?s){message}'):
        init_model(folder, device='cpu')
    assert 'antigravity' not in sys.modules


def bad_checkpoint(path, **changes):
    save_checkpoint(path)
    torch.save(torch.load(path, weights_only=True) | changes, path)
    return path


NO_MODEL = "import os\nmodel = dict(type='AVFMAERecognizer')\n"
CALLS = "model = dict(type=__import__('os').system('true'))\n"
FOREIGN = "model = dict(type='os.system')\n"
MODULE = "custom_imports = dict(imports=['antigravity'])\nmodel = dict(type='AVFMAERecognizer')\n"


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'carries no config: pass the one that it was trained with, --config CONFIG'),
        (NO_MODEL, 'carries a config that is more than data, .* line 1 does not set a value'),
        (CALLS, 'carries a config that is more than data'),
        ('model = (', 'carries a config that is more than data'),
        ('x = 1\n', 'carries a config without a model'),
        (FOREIGN, "the config of the checkpoint: there is no model 'os.system'"),
        (MODULE, 'asks for the module antigravity'),
    ],
)
def test_the_config_in_a_checkpoint_is_data(text, message, tmp_path):
    path = bad_checkpoint(tmp_path / 'a.pth', meta=dict(cfg=text))
    with pytest.raises(CheckpointError, match=message):
        publish_model(path, tmp_path / 'out', device='cpu')
    assert not (tmp_path / 'out').exists() and 'antigravity' not in sys.modules
    publish_model(path, tmp_path / 'out', FINETUNE, device='cpu')  # a config of one's own stands for it


def test_what_cannot_be_published_is_said_before_anything_is_written(checkpoint, tmp_path):
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full/file').touch()
    (tmp_path / 'metrics.json').write_text('{}')
    unnamed = load_config(str(FINETUNE))
    del unnamed.test_dataloader['dataset']['metainfo']
    unnamed.dump(tmp_path / 'unnamed.py')
    chance = load_config(str(FINETUNE))
    chance.test_dataloader['dataset']['pipeline'].insert(4, dict(type='RandomGain'))
    chance.dump(tmp_path / 'chance.py')
    for arguments, message in (
        ((checkpoint, tmp_path / 'full'), 'is a folder with files in it'),
        ((checkpoint, tmp_path / 'full/file'), 'is a file, and a folder is to be written'),
        ((checkpoint, tmp_path / 'out', tmp_path / 'unnamed.py'), 'names what the head predicts'),
        ((checkpoint, tmp_path / 'out', tmp_path / 'chance.py'), 'the pipeline of test_dataloader has RandomGain as a'),
    ):
        with pytest.raises(ConfigError, match=message):
            publish_model(*arguments, device='cpu')
    for option in (dict(results=[tmp_path]), dict(manifest=tmp_path / 'metrics.json')):
        with pytest.raises(ConfigError, match='as mmavf (test|prepare) writes it'):
            publish_model(checkpoint, tmp_path / 'out', device='cpu', **option)
    with pytest.raises(ConfigError, match='pass no checkpoint'):
        init_model(tmp_path / 'full', checkpoint)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['chance.py', 'full', 'metrics.json', 'unnamed.py']


def test_a_field_of_the_card_is_replaced_in_both_files(folder):
    calibration = dict(temperature=1.5, num_clips=9)
    calibration |= {f'ece_{when}': dict(value=0.1, interval=[0.05, 0.2]) for when in ('before', 'after')}
    update_card(folder, calibration=calibration)
    assert read_card(folder)['calibration'] == calibration
    assert 'Temperature 1.5000' in (folder / 'README.md').read_text()
    assert init_model(folder, device='cpu').card['calibration'] == calibration


def test_a_plugin_that_is_imported_is_trusted(folder):
    edit(folder, lambda card: card['architecture'].update(imports=['json', 'projects.svfap.encoder']))
    assert isinstance(init_model(folder, device='cpu').cfg, Config)


def test_a_model_of_a_plugin_is_usable_as_the_refusal_says(tmp_path, monkeypatch, capsys):
    (tmp_path / 'my_plugin.py').write_text(
        'from mmavf.models.heads import ClassificationHead\nfrom mmavf.registry import MODELS\n\n'
        '@MODELS.register_module()\nclass MyHead(ClassificationHead):\n    pass\n'
    )
    speech = DEMO / 'avfmae_tiny_speech.py'
    (tmp_path / 'mine.py').write_text(
        f"_base_ = '{speech}'\ncustom_imports = dict(imports=['my_plugin'])\nmodel = dict(head=dict(type='MyHead'))\n"
    )
    write_wav(tmp_path / 'a.wav', tone(1.5))
    torch.save(dict(state_dict=made(speech)[0], meta={}), tmp_path / 'a.pth')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match='the model needs my_plugin, which is not of this project'):
        assert main(['publish', 'a.pth', 'out', '--config', 'mine.py', '--device', 'cpu']) == 0
    del sys.modules['my_plugin'], MODELS.module_dict['MyHead']  # as in the process of another command
    predict = ['predict', 'a.wav', '--model', 'out', '--out', 'results', '--device', 'cpu']
    assert main(predict) == 1
    command = re.search(r'python -c "(.*)" COMMAND', capsys.readouterr().err)[1]
    monkeypatch.setattr('sys.argv', ['-c', *predict])
    with pytest.raises(SystemExit) as ended:
        exec(command, {})
    assert ended.value.code == 0 and Path('results/a.json').is_file()
    del sys.modules['my_plugin'], MODELS.module_dict['MyHead']


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_exported_forward_is_that_of_pytorch(checkpoint, clips, tmp_path):
    runtime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    card = publish_model(checkpoint, tmp_path / 'out', onnx=True, check_list='clips.csv', data_root=clips, device='cpu')
    assert card['onnx']['files'] == {'model.onnx': sha256((tmp_path / 'out/model.onnx').read_bytes()).hexdigest()}
    assert card['onnx']['checked']['windows'] == 6 and card['onnx']['checked']['largest_difference'] < 1e-4
    model = init_model(tmp_path / 'out', device='cpu')
    session = runtime.InferenceSession(str(tmp_path / 'out/model.onnx'))
    inputs = dict(video=torch.randn(5, 3, 4, 96, 96), audio=torch.randn(5, 1, 256, 128))
    (found,) = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    with torch.no_grad():
        np.testing.assert_allclose(found, model(inputs).logits.numpy(), rtol=0, atol=1e-4)
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'README.md',
        'model.json',
        'model.onnx',
        'model.safetensors',
    ]


class BranchingHead(ClassificationHead):
    """One whose operations depend on the values, which no graph can hold."""

    def forward(self, feature):
        return super().forward(feature if feature.mean() > 0 else -feature)


@pytest.mark.slow
def test_what_cannot_be_exported_is_said_in_a_sentence(tmp_path):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    path = save_checkpoint(tmp_path / 'a.pth', DEMO / 'avfmae_tiny_speech.py')
    publish_model(path, tmp_path / 'out', device='cpu')
    model = init_model(tmp_path / 'out', device='cpu')
    model.head.__class__ = BranchingHead
    before = sorted((tmp_path / 'out').iterdir())
    with pytest.raises(ConfigError, match='cannot be exported to ONNX: .*out is complete without it. .*Error: [^\n]*$'):
        add_onnx(tmp_path / 'out', model, None, '')
    assert sorted((tmp_path / 'out').iterdir()) == before and init_model(tmp_path / 'out', device='cpu').card


def test_only_what_has_a_head_is_exported(tmp_path, monkeypatch):
    monkeypatch.setattr('mmavf.apis.onnx_export.find_spec', lambda name: name != 'onnxruntime' or None)
    path = save_checkpoint(tmp_path / 'a.pth', DEMO / 'avfmae_tiny_pretrain_audio.py')
    with pytest.raises(ConfigError, match=r"needs onnxruntime: pip install 'mmavf\[onnx\]'"):
        publish_model(path, tmp_path / 'out', onnx=True, device='cpu')
    monkeypatch.setattr('mmavf.apis.onnx_export.find_spec', lambda name: True)
    with pytest.raises(ConfigError, match='is for models with a head'):
        publish_model(path, tmp_path / 'out', onnx=True, device='cpu')
    assert not (tmp_path / 'out').exists()


def test_a_list_to_check_on_is_read_before_anything_is_written(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr('mmavf.apis.onnx_export.find_spec', lambda name: True)
    with pytest.raises(ListError, match=r'gone\.csv'):
        publish_model(checkpoint, tmp_path / 'out', onnx=True, check_list='gone.csv', device='cpu')
    assert not (tmp_path / 'out').exists()
