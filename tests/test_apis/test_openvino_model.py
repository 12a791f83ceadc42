"""The engine `openvino`: the numbers of PyTorch, for any number of windows, and refusals before a recording is read."""

import sys
from hashlib import sha256
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmavf.apis import AVFInferencer, Recording, init_model
from mmavf.apis.marginals import output_of
from mmavf.apis.publish import publish_model
from mmavf.checkpoints.published import read_card, update_card
from mmavf.engine.optimizers import has_bf16_units
from mmavf.errors import CheckpointError, ConfigError
from tests.helpers.media import counted_frames, tone
from tests.helpers.models import ROOT

DEMO = ROOT / 'configs/demo/avfmae_tiny_finetune.py'


def skip_without_openvino():
    """Skip where it is not installed; to import it, as `importorskip` does, would load its reports to its makers."""
    if find_spec('openvino') is None:
        pytest.skip('needs the extra openvino')


@pytest.fixture(scope='module')
def cfg():
    """The tiny model with one block and one unit: an export takes as long as it has operations."""
    cfg = Config.fromfile(DEMO)
    cfg.model.video_encoder.depth = cfg.model.audio_encoder.depth = cfg.model.correlation.num_units = 1
    return cfg


@pytest.fixture(scope='module')
def model(cfg):
    torch.manual_seed(0)
    model = init_model(cfg, device='cpu')
    model.head.fc.weight.data *= 20  # probabilities far from equal
    return model


@pytest.fixture(scope='module')
def infer(model):
    skip_without_openvino()
    return AVFInferencer(model, engine='openvino', detector=None)


@pytest.fixture(scope='module')
def recording():
    return Recording.from_arrays(counted_frames(100), 20.0, tone(5.0, 1.0), 16000)


@pytest.mark.slow
@pytest.mark.parametrize('windows', [1, 3, 8])
def test_any_number_of_windows_gives_the_numbers_of_pytorch(windows, model, infer):
    inputs = dict(video=torch.randn(windows, 3, 4, 96, 96), audio=torch.randn(windows, 1, 256, 128))
    with torch.no_grad():
        expected = model(inputs).logits
    assert expected.softmax(1).std() > 0.1
    torch.testing.assert_close(infer.engine.logits(inputs), expected, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_a_timeline_is_that_of_pytorch(model, infer, recording):
    expected, found = AVFInferencer(model, detector=None)(recording), infer(recording, batch_size=2)
    assert len(expected.windows) == 3
    for one, other in zip((*found.windows, *found.answers), (*expected.windows, *expected.answers), strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-4)
    assert found.tracks == expected.tracks and found.model == expected.model
    assert (found.settings['engine'], expected.settings['engine']) == ('openvino', 'pytorch')


@pytest.mark.slow
def test_mean_tokens_stand_for_a_modality(model, infer, recording):
    with torch.no_grad():
        encoded = model.encode(dict(video=torch.randn(1, 3, 4, 96, 96), audio=torch.randn(1, 1, 256, 128)))
    tensors = {'audio.tokens': encoded['audio'].tokens, 'audio.regions': encoded['audio'].regions}
    tensors['audio.token_ids'] = encoded['audio'].token_ids
    model.marginals = infer.engine.marginals = dict(audio=output_of(tensors, 'audio', 'cpu'))
    silent = Recording.from_arrays(counted_frames(60), 20.0)
    try:
        expected = AVFInferencer(model, detector=None, missing='marginal')(silent)
        infer.windows = AVFInferencer(model, detector=None, missing='marginal').windows
        found = infer(silent)
    finally:
        infer.windows = AVFInferencer(model, detector=None).windows
        model.marginals = infer.engine.marginals = {}
    assert [window.scores for window in found.windows] == [window.scores for window in expected.windows]


@pytest.mark.slow
@pytest.mark.skipif(not has_bf16_units('cpu'), reason='the processor has no bfloat16 units')
def test_bfloat16_is_near_float32(cfg, recording):
    skip_without_openvino()
    torch.manual_seed(0)
    infer = AVFInferencer(cfg, device='cpu', engine='openvino', precision='bfloat16', detector=None)
    expected = AVFInferencer(infer.model, detector=None)
    infer.model.cfg.test_cfg.dtype = 'float32'
    for one, other in zip(infer(recording).windows, expected(recording).windows, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-2)


@pytest.mark.slow
def test_nothing_is_reported_to_the_makers(infer):
    assert sys.modules['openvino_telemetry'] is None
    assert sys.modules['openvino.tools.ovc.telemetry_utils'].tm.__name__.endswith('telemetry_stub')


def test_a_model_that_cannot_be_exported_is_refused(cfg):
    skip_without_openvino()
    model = init_model(cfg, device='cpu')
    model.encoders['video'].register_forward_hook(lambda layer, args, output: output if args[0].sum() > 0 else None)
    with pytest.raises(ConfigError, match="whose forward cannot be exported: use the engine 'pytorch'"):
        AVFInferencer(model, engine='openvino', detector=None)


def test_without_the_package_or_a_processor_it_is_refused(cfg, monkeypatch):
    monkeypatch.setattr('mmavf.apis.inference.openvino_model.find_spec', lambda name: None)
    with pytest.raises(ConfigError, match=r"needs OpenVINO: pip install 'mmavf\[openvino\]'"):
        AVFInferencer(cfg, engine='openvino', detector=None)
    monkeypatch.setattr('mmavf.apis.inference.openvino_model.find_spec', lambda name: True)
    with pytest.raises(ConfigError, match='computes on the CPU'):
        AVFInferencer(init_model(cfg, device='meta'), engine='openvino', detector=None)
    with pytest.raises(ConfigError, match="engine must be one of pytorch, openvino, not 'onnx'"):
        AVFInferencer(cfg, engine='onnx', detector=None)


@pytest.fixture
def speech(tmp_path):
    """A smaller model still, of sound alone, with convolutions; its checkpoint lies beside its config."""
    cfg = Config.fromfile(ROOT / 'projects/emodb_speech/configs/emodb_speech.py')
    torch.manual_seed(0)
    model = init_model(cfg, device='cpu')
    model.head.fc.weight.data *= 20
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), tmp_path / 'a.pth')
    cfg.dump(tmp_path / 'a.py')
    return model


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_exported_file_of_a_folder_is_read(speech, tmp_path, monkeypatch):
    skip_without_openvino()
    pytest.importorskip('onnxscript')
    pytest.importorskip('onnxruntime')
    publish_model(tmp_path / 'a.pth', tmp_path / 'out', tmp_path / 'a.py', onnx=True, device='cpu')
    monkeypatch.setattr('mmavf.apis.inference.openvino_model.export_logits', None)
    infer = AVFInferencer(tmp_path / 'out', engine='openvino')
    sound = Recording.from_arrays(waveform=tone(5.0, 1.0), rate_hz=16000)
    expected = AVFInferencer(speech)(sound)
    for one, other in zip(infer(sound).windows, expected.windows, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-4)


def test_another_file_than_the_one_of_the_card_is_refused(speech, tmp_path):
    skip_without_openvino()
    publish_model(tmp_path / 'a.pth', tmp_path / 'out', tmp_path / 'a.py', device='cpu')
    (tmp_path / 'out/model.onnx').write_bytes(b'another file')
    checked = dict(on='random input', windows=4, largest_difference=0.0)
    update_card(
        tmp_path / 'out',
        onnx=dict(file='model.onnx', sha256=sha256(b'file').hexdigest(), inputs={}, output='logits', checked=checked),
    )
    with pytest.raises(CheckpointError, match=r'model\.onnx is not the file that the card names'):
        AVFInferencer(tmp_path / 'out', device='cpu', engine='openvino')
    digests = {name: sha256(b'another file').hexdigest() for name in ('model.onnx', 'model.onnx.data')}
    (tmp_path / 'out/model.onnx.data').write_bytes(b'weights of another file')
    onnx = dict(read_card(tmp_path / 'out')['onnx'], sha256=digests['model.onnx'], files=digests)
    update_card(tmp_path / 'out', onnx=onnx)
    with pytest.raises(CheckpointError, match=r'model\.onnx\.data is not the file that the card names'):
        AVFInferencer(tmp_path / 'out', device='cpu', engine='openvino')
