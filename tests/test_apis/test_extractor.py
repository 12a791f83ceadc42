"""Features of recordings: which tokens, of which layer, and what the file says of them."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

from mmavf.apis import (
    AVFInferencer,
    FeatureExtractor,
    LayerChoice,
    Recording,
    init_model,
    run_batch,
    save_window_features,
)
from mmavf.apis.batch import encode_batch
from mmavf.apis.marginals import output_of
from mmavf.errors import ConfigError, MissingModalityError
from tests.helpers.baselines import build_baseline
from tests.helpers.media import counted_frames, tone
from tests.helpers.models import ROOT

DEMO = ROOT / 'configs/demo/avfmae_tiny_finetune.py'
PRETRAIN = ROOT / 'configs/demo/avfmae_tiny_pretrain.py'


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return init_model(DEMO, device='cpu')


@pytest.fixture(scope='module')
def recording():
    return Recording.from_arrays(counted_frames(100), 25.0, tone(4.0, 1.0), 16000, name='made')


def extract(model, recording, *choice, **settings):
    return FeatureExtractor(model, choice=LayerChoice(*choice), detector=None, **settings)(recording)


def batch_of(model, recording):
    """Return the windows of a recording as one batch, made by hand."""
    windows = AVFInferencer(model, detector=None).windows
    (ready,) = windows.batches(recording, windows.plan(recording), 8)
    ready = [window for window in ready if window.plan.in_timeline]
    inputs = {m: torch.stack([window.packed['inputs'][m] for window in ready]) for m in ('video', 'audio')}
    return dict(inputs=inputs, data_samples=[window.packed['data_samples'] for window in ready])


def test_tokens_are_those_of_the_encoder(model, recording):
    batch = batch_of(model, recording)
    encoded = encode_batch(model, batch)['video']
    count = len(batch['data_samples'])
    assert count == 2
    regions = extract(model, recording, 'video', 'regions')
    np.testing.assert_allclose(regions.values, encoded.regions[:, :, -1].numpy(), atol=1e-5)
    assert regions.meta['axes'] == ['window', 'region', 'channel']
    second = extract(model, recording, 'video', 'regions', 2)
    np.testing.assert_allclose(second.values, encoded.regions[:, :, 1].numpy(), atol=1e-5)
    local = extract(model, recording, 'video', 'local')
    time, row, column = model.encoders['video'].grid
    assert local.values.shape == (count, time, row, column, 80)
    order = encoded.token_ids.tolist()
    assert order != sorted(order)  # the encoder has them region by region
    for token, patch in enumerate(order):
        place = np.unravel_index(patch, (time, row, column))
        np.testing.assert_allclose(local.values[(slice(None), *place)], encoded.tokens[:, token].numpy(), atol=1e-5)
    pooled = extract(model, recording, 'video')
    np.testing.assert_allclose(pooled.values, regions.values.mean(axis=1), atol=1e-6)


def test_fused_is_what_the_head_classifies(model, recording):
    wanted = run_batch(model, batch_of(model, recording), mode='tensor').feature
    found = extract(model, recording, 'fused')
    np.testing.assert_allclose(found.values, wanted.numpy(), atol=1e-5)
    assert found.start_sec.tolist() == pytest.approx([0, 1.28]) and found.track.tolist() == [1, 1]


def test_one_modality_needs_only_that_of_the_recording(model, recording):
    silent = Recording.from_arrays(counted_frames(100), 25.0)
    np.testing.assert_array_equal(extract(model, silent, 'video').values, extract(model, recording, 'video').values)
    heard = extract(model, Recording.from_arrays(waveform=tone(4.0, 1.0), rate_hz=16000), 'audio')
    assert heard.track.tolist() == [0, 0] and heard.values.shape == (2, 80)


def test_features_in_bfloat16_are_near_those_in_float32(recording, monkeypatch):
    monkeypatch.setattr('mmavf.apis.batch.has_bf16_units', lambda device_type: True)
    torch.manual_seed(0)
    extractor = FeatureExtractor(
        PRETRAIN, device='cpu', choice=LayerChoice('video'), precision='bfloat16', detector=None
    )
    torch.manual_seed(0)
    expected = extract(init_model(PRETRAIN, device='cpu'), recording, 'video')
    found = extractor(recording)
    assert (found.meta['precision'], expected.meta['precision']) == ('bfloat16', 'float32')
    assert 0 < np.abs(found.values - expected.values).max() < 3e-2 * np.abs(expected.values).max()


def test_fused_features_rest_on_mean_tokens_where_a_modality_is_missing(recording):
    torch.manual_seed(0)
    model = init_model(DEMO, device='cpu')
    encoded = encode_batch(model, batch_of(model, recording))
    one = {name: getattr(encoded['audio'], name)[:1] for name in ('tokens', 'regions')}
    tensors = {f'audio.{name}': value for name, value in one.items()} | {'audio.token_ids': encoded['audio'].token_ids}
    model.marginals = dict(audio=output_of(tensors, 'audio', 'cpu'))
    silent = Recording.from_arrays(counted_frames(100), 25.0)
    found = FeatureExtractor(model, choice=LayerChoice('fused'), detector=None, missing='marginal')([recording, silent])
    assert found.meta['missing'] == [[], ['audio']] and found.recording.tolist() == [0, 0, 1, 1]
    batch = batch_of(model, recording)
    del batch['inputs']['audio']
    wanted = run_batch(model, batch, mode='tensor', given=model.marginals).feature
    np.testing.assert_allclose(found.values[2:], wanted.numpy(), atol=1e-5)
    with pytest.raises(MissingModalityError, match='no sound, which the model needs'):
        FeatureExtractor(model, choice=LayerChoice('fused'), detector=None)(silent)


def test_an_encoder_that_merges_patches_has_pooled_tokens_of_its_last_layer_alone():
    torch.manual_seed(0)
    model = build_baseline('SVFAP', '_finetune').eval()
    encoder = model.encoders['video']
    with torch.no_grad():
        output = encoder(torch.randn(2, 3, 16, 160, 160))
    choice = LayerChoice('video')
    choice.prepare(model)
    torch.testing.assert_close(choice.take(model, output), output.tokens.mean(dim=1))
    for words, message in [(('local',), "merges patches: extract 'pooled'"), (('pooled', 1), 'its last layer alone')]:
        choice = LayerChoice('video', *words)
        choice.prepare(model)
        with pytest.raises(ConfigError, match=message):
            choice.take(model, output)


@pytest.mark.parametrize('family', ['AVF-MAE++', 'HiCMAE', 'MAE-DFER', 'VideoMAE'])
def test_the_last_layer_is_that_of_the_last_block(family):
    torch.manual_seed(0)
    model = build_baseline(family, '_finetune').eval()
    encoder = model.encoders['video']
    last = LayerChoice('video', 'local', len(encoder.blocks))
    last.prepare(model)
    with torch.no_grad():
        output = encoder(torch.randn(1, 3, 16, 160, 160))
    torch.testing.assert_close(last.take(model, output), LayerChoice('video', 'local').take(model, output))


def test_pretrained_models_give_features_of_all_tokens(recording):
    torch.manual_seed(0)
    model = init_model(PRETRAIN, device='cpu')
    found = extract(model, recording, 'audio', 'local', 1)
    assert found.values.shape == (2, *model.encoders['audio'].grid, 80)
    assert found.meta['axes'] == ['window', 'time', 'mel', 'channel']
    with pytest.raises(ConfigError, match='the feature that the head of a recognizer classifies'):
        extract(model, recording, 'fused')


@pytest.mark.parametrize('suffix', ['.npz', '.safetensors'])
def test_files_hold_the_arrays_and_what_they_are(suffix, model, recording, tmp_path):
    found = FeatureExtractor(model, choice=LayerChoice('audio'), detector=None)([recording, recording])
    path = tmp_path / f'features{suffix}'
    save_window_features(found, path)
    if suffix == '.npz':
        with np.load(path) as saved:
            arrays, meta = dict(saved), json.loads(str(saved['meta']))
    else:
        arrays = load_file(path)
        with safe_open(path, 'np') as saved:
            meta = json.loads(saved.metadata()['meta'])
    assert meta == found.meta and meta['recordings'] == ['made', 'made']
    assert arrays['recording'].tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(arrays['values'], found.values)
    assert meta['settings']['clip_fps'] == 25 and len(meta['preprocessing_sha256']) == 64


def test_the_hash_of_the_preprocessing_follows_its_settings(model, recording):
    first, same, other = (
        extract(model, recording, 'audio', hop_sec=hop).meta['preprocessing_sha256'] for hop in (1.28, 1.28, 0.64)
    )
    assert first == same != other


@pytest.mark.parametrize(
    ('choice', 'message'),
    [
        (('video', 'pooled', 9), 'has layers 1 to 3, and no layer 9'),
        (('fused', 'regions'), 'the feature that the head'),
    ],
)
def test_what_the_model_does_not_have_is_refused(choice, message, model, recording, tmp_path):
    with pytest.raises(ConfigError, match=message):
        extract(model, recording, *choice)


def test_other_suffixes_are_refused(model, recording, tmp_path):
    with pytest.raises(ConfigError, match=r'written as .npz or .safetensors'):
        save_window_features(extract(model, recording, 'audio'), tmp_path / 'features.pkl')
