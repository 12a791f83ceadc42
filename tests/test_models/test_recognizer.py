"""The recognizer: what it pools and correlates, one modality alone, several views, contradictions."""

import numpy as np
import pytest
import torch
from torch import nn

from mmavf.errors import ConfigError
from mmavf.models.correlation import HAFELayer, IAVCLHead
from mmavf.models.data_preprocessors import AVDataPreprocessor, MixupCutmix
from mmavf.models.heads import ClassificationHead
from mmavf.models.losses import SoftTargetCrossEntropy
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.models.recognizers.token_choice import pooled
from mmavf.registry import MODELS
from tests.helpers.models import build_recognizer, forbid_waiting, labelled, random_inputs

EVERY_LAYER = dict(video_encoder=dict(out_indices=(0, 1)), audio_encoder=dict(out_indices=(0, 1)))
FIRST_LAYER = dict(video_encoder=dict(out_indices=(0,)), audio_encoder=dict(out_indices=(0,)))
FIVE = dict(type='ClassificationHead', num_classes=5)
VIT = dict(type='ViTEncoder', input_size=(16, 160, 160), patch_size=(2, 16, 16), embed_dims=32, num_heads=2, depth=2)


class Swap(nn.Module):
    """A correlation module without fused tokens: each modality gets the other's mean added."""

    def forward(self, video, audio):
        return video + audio.mean(dim=1, keepdim=True), audio + video.mean(dim=1, keepdim=True)


def _layer_norm(x, norm):
    x = x.astype(np.float64)
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    return x * norm.weight.detach().numpy() + norm.bias.detach().numpy()


@torch.no_grad()
def test_fused_tokens_and_pooling_against_loops():
    model, inputs = build_recognizer().eval(), random_inputs()
    for m, values in (('video', [0.3, -1.2]), ('audio', [2.0, 0.1])):
        model.layer_weights[m].copy_(torch.tensor(values))
    seen, returned = [], []
    model.correlation.register_forward_pre_hook(lambda m, args: seen.append(args))
    model.correlation.register_forward_hook(lambda m, args, out: returned.append(out))
    output = model(inputs)
    for position, m in enumerate(('video', 'audio')):
        regions = model.encoders[m](inputs[m]).regions.numpy()  # (B, K, L, C)
        np.testing.assert_array_equal(seen[0][position], regions[:, :, 1])
        exponentials = np.exp(model.layer_weights[m].numpy())
        expected = sum(regions[:, :, i] * exponentials[i] / exponentials.sum() for i in range(2))
        np.testing.assert_allclose(seen[0][2][..., 32 * position : 32 * (position + 1)], expected, atol=1e-6)
    pooled = np.concatenate([x.numpy().sum(1) / x.shape[1] for x in returned[0]], axis=-1)
    feature = _layer_norm(pooled, model.head.norm)
    np.testing.assert_allclose(output.feature, feature, atol=1e-5)
    logits = feature @ model.head.fc.weight.numpy().T + model.head.fc.bias.numpy()
    np.testing.assert_allclose(output.logits, logits, atol=1e-5)


@torch.no_grad()
def test_deviation_of_the_tokens_beside_their_mean():
    model, inputs = build_recognizer(pooling='mean_std').eval(), random_inputs()
    returned = []
    model.correlation.register_forward_hook(lambda m, args, out: returned.append(out))
    feature = model.extract_feat(inputs).numpy()
    parts = []
    for tokens in returned[0]:
        tokens = tokens.numpy().astype(np.float64)
        parts += [tokens.mean(1), np.sqrt(((tokens - tokens.mean(1, keepdims=True)) ** 2).mean(1) + 1e-5)]
    np.testing.assert_allclose(feature, np.concatenate(parts, axis=-1), atol=1e-5)
    assert model.head.norm.normalized_shape == (feature.shape[-1],)


def test_tokens_that_are_all_the_same_have_a_gradient():
    tokens = torch.ones(2, 5, 3, requires_grad=True)
    pooled(tokens, 'mean_std').sum().backward()
    assert torch.isfinite(tokens.grad).all()


@torch.no_grad()
def test_the_head_of_hicmae_is_a_setting_against_loops():
    """Local tokens of all layers under learned weights, then the correlated tokens of the last: four features."""
    model = build_recognizer(correlation=None, token_type='local', features=('layers',), **EVERY_LAYER).eval()
    assert model.head.norm.weight.shape == (64,)
    encoders = dict(video_encoder=model.encoders['video'], audio_encoder=model.encoders['audio'])
    features = ('layers', 'correlated')
    model = AVFMAERecognizer(FIVE, **encoders, correlation=Swap(), token_type='local', features=features).eval()
    for m, values in (('video', [0.3, -1.2]), ('audio', [2.0, 0.1])):
        model.layer_weights[m].copy_(torch.tensor(values))
    inputs, single, last = random_inputs(), [], []
    for m in ('video', 'audio'):
        hidden = [x.numpy() for x in model.encoders[m](inputs[m]).hidden]
        exponentials = np.exp(model.layer_weights[m].numpy())
        means = [x.sum(axis=1) / x.shape[1] for x in hidden]
        single.append(sum(e * x for e, x in zip(exponentials / exponentials.sum(), means, strict=True)))
        last.append(means[1])
    pooled = np.concatenate([*single, last[0] + last[1], last[1] + last[0]], axis=-1)
    assert pooled.shape == (2, 128)
    np.testing.assert_allclose(model.extract_feat(inputs), pooled, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('tokens', ['region', 'all'])
def test_layers_and_last_layer_of_one_modality_side_by_side(tokens):
    parts = dict(audio_encoder=None, correlation=None, token_type=tokens, features=['last', 'layers'])
    model = build_recognizer(**parts, video_encoder=EVERY_LAYER['video_encoder']).eval()
    inputs = dict(video=random_inputs()['video'])
    encoded = model.encoders['video'](inputs['video'])
    layers = [encoded.regions[:, :, i] for i in (0, 1)]
    if tokens == 'all':
        layers = [torch.cat((x, local), dim=1) for x, local in zip(layers, encoded.hidden, strict=True)]
    means = [x.mean(dim=1) for x in layers]
    expected = torch.cat((means[1], (means[0] + means[1]) / 2), dim=1)
    torch.testing.assert_close(model.extract_feat(inputs), expected)


@torch.no_grad()
def test_other_tokens_can_be_correlated_than_are_pooled():
    parts = dict(correlation=Swap(), token_type='region', correlation_tokens='local', features=['last', 'correlated'])
    model, inputs = build_recognizer(**parts).eval(), random_inputs()
    assert not hasattr(model, 'layer_weights')
    video, audio = (model.encoders[m](inputs[m]) for m in ('video', 'audio'))
    both = video.tokens.mean(dim=1) + audio.tokens.mean(dim=1)
    expected = [video.regions[:, :, -1].mean(dim=1), audio.regions[:, :, -1].mean(dim=1), both, both]
    torch.testing.assert_close(model.extract_feat(inputs), torch.cat(expected, dim=1))


def test_local_layers_are_handed_out_only_where_they_are_asked_for():
    assert build_recognizer().encoders['video'](random_inputs()['video']).hidden == ()


def test_modules_are_taken_as_they_are():
    parts = {name: build_recognizer() for name in ('video', 'audio')}
    encoders = {f'{m}_encoder': model.encoders[m] for m, model in parts.items()}
    source = build_recognizer()
    own = dict(correlation=source.correlation, head=source.head, data_preprocessor=source.data_preprocessor)
    model = AVFMAERecognizer(**encoders, **own)
    assert all(getattr(model, name) is part for name, part in own.items())
    assert all(model.encoders[m] is parts[m].encoders[m] for m in parts)
    head = ClassificationHead(64, 5, loss=(loss := SoftTargetCrossEntropy()))
    assert head.loss_function is loss
    layer = HAFELayer(32, 2)
    assert IAVCLHead(32, 2, hafe=layer).hafe is layer
    assert AVDataPreprocessor(batch_augment=(mix := MixupCutmix(5))).batch_augment is mix


def test_the_former_name_of_extract_feat_warns():
    model, inputs = build_recognizer(audio_encoder=None, correlation=None).eval(), random_inputs()
    with pytest.warns(FutureWarning, match='now extract_feat'):
        assert torch.equal(model.extract_feature(inputs), model.extract_feat(inputs))


def test_layer_weights_begin_equal():
    model = build_recognizer()
    assert {m: w.tolist() for m, w in model.layer_weights.items()} == dict(video=[0.5, 0.5], audio=[0.5, 0.5])


@torch.no_grad()
@pytest.mark.parametrize('token_type', ['region', 'local', 'all'])
def test_one_modality_and_every_token_type_against_loops(token_type):
    model = build_recognizer(audio_encoder=None, correlation=None, token_type=token_type).eval()
    assert not hasattr(model, 'layer_weights')
    inputs = dict(video=random_inputs()['video'])
    encoded = model.encoders.video(inputs['video'])
    tokens = dict(region=encoded.regions[:, :, -1].numpy(), local=encoded.tokens.numpy())
    tokens['all'] = np.concatenate((tokens['region'], tokens['local']), axis=1)
    pooled = np.stack([sum(clip) / len(clip) for clip in tokens[token_type]])
    np.testing.assert_allclose(model(inputs).feature, _layer_norm(pooled, model.head.norm), atol=1e-5)


@torch.no_grad()
def test_without_correlation_two_modalities_are_concatenated_and_do_not_meet():
    model, inputs = build_recognizer(correlation=None).eval(), random_inputs()
    pooled = model.extract_feat(inputs)
    other = model.extract_feat(inputs | dict(audio=inputs['audio'].flip(2)))
    assert torch.equal(pooled[:, :32], other[:, :32]) and not torch.allclose(pooled[:, 32:], other[:, 32:])


@torch.no_grad()
def test_audio_alone_needs_no_video_and_ignores_it():
    model, inputs = build_recognizer(video_encoder=None, correlation=None).eval(), random_inputs()
    assert torch.equal(model(inputs).logits, model(dict(audio=inputs['audio'])).logits)
    assert list(model.encoders) == ['audio']


@torch.no_grad()
def test_views_of_a_clip_make_one_prediction():
    model, inputs = build_recognizer().eval(), random_inputs(4)
    samples = model(inputs, labelled(1, 2), mode='predict')
    single = [model({m: x[i : i + 1] for m, x in inputs.items()}, labelled(0), mode='predict')[0] for i in range(4)]
    for i, sample in enumerate(samples):
        expected = (single[2 * i].pred_score + single[2 * i + 1].pred_score) / 2
        torch.testing.assert_close(sample.pred_score, expected, atol=1e-5, rtol=0)
        assert sample.gt_label == i + 1


@pytest.mark.parametrize(
    'parts',
    [
        {},
        dict(correlation=None),
        dict(audio_encoder=None, correlation=None),
        dict(video_encoder=None, correlation=None, token_type='all'),
        dict(audio_encoder=None, correlation=None, token_type='local'),
        dict(audio_encoder=None, correlation=None, video_encoder=dict(stage_iv=False, final_norm=False)),
        dict(token_type='local', features=['layers', 'correlated'], correlation=Swap(), **EVERY_LAYER),
    ],
)
def test_the_gradient_reaches_every_parameter(parts):
    model = build_recognizer(**parts)
    loss = model(random_inputs(), labelled(0, 3), mode='loss')['loss']
    loss.backward()
    without = [name for name, p in model.named_parameters() if p.grad is None]
    assert not without  # a parameter outside the graph stops a distributed run
    zero = {name.split('.blocks.1.')[-1].split('.')[0] for name, p in model.named_parameters() if not p.grad.any()}
    # what only the last block's other kind of token depends on
    allowed = {'local': {'stage4'}, 'region': {'stage3'} if parts.get('video_encoder') else set()}
    assert zero <= allowed.get(parts.get('token_type', 'region'), set())


@pytest.mark.parametrize('mode', ['loss', 'predict'])
def test_a_step_reads_nothing_from_the_device(monkeypatch, mode):
    model, inputs, samples = build_recognizer(), random_inputs(), labelled(0, 3)
    model(inputs, samples, mode='loss')['loss'].backward()  # what is made once is made now
    forbid_waiting(monkeypatch)
    output = model(inputs, samples, mode=mode)
    if mode == 'loss':
        output['loss'].backward()


def test_drop_path_is_active_in_training_only():
    model, inputs = build_recognizer(), random_inputs()
    torch.manual_seed(0)
    first, second = model(inputs).logits, model(inputs).logits
    assert not torch.equal(first, second)
    model.eval()
    assert torch.equal(model(inputs).logits, model(inputs).logits)


def test_fine_tuning_from_scratch_begins_as_released():
    model = build_recognizer(
        video_encoder=dict(embed_dims=128), audio_encoder=dict(embed_dims=128), correlation=dict(embed_dims=128)
    )
    model.init_weights()
    linear = model.encoders.video.blocks[0].ffn.fc1
    assert linear.weight.std().item() == pytest.approx(0.02, rel=0.02) and not linear.bias.any()
    fusion = model.correlation.units[0].video.self_block.ffn.fc1  # Xavier: sqrt(2 / (128 + 512))
    assert fusion.weight.std().item() == pytest.approx((2 / 640) ** 0.5, rel=0.02)
    assert model.head.fc.bias.any()  # the framework's default


@pytest.mark.parametrize(
    'parts, message',
    [
        (dict(video_encoder=None, audio_encoder=None, correlation=None), 'neither a video encoder nor an audio'),
        (dict(audio_encoder=None), 'needs both encoders'),
        (dict(token_type='local'), "returns {'local': 0}: list them all in its out_indices"),
        (dict(token_type='local', **EVERY_LAYER), "as many local tokens in video as in audio, not {'video': 800, 'a"),
        (dict(features=['last']), "'correlated' belongs to a model with a correlation module"),
        (dict(features=['correlated'], correlation=None), "'correlated' belongs to a model with"),
        (dict(features=['first']), 'names each of'),
        (dict(pooling='max'), "pooling is one of mean, mean_std, not 'max'"),
        (dict(features=['last', 'last'], correlation=None), 'at most once'),
        (dict(correlation_tokens='cls'), "correlation_tokens is 'region', 'local' or 'all', not 'cls'"),
        (dict(token_type='local', features=['layers'], correlation=None), "returns {'local': 0}"),
        (dict(token_type='all', features=['layers'], correlation=None, **FIRST_LAYER), "{'all': 1, 'region': 2}"),
        (dict(token_type='cls', correlation=None), "token_type is 'region', 'local' or 'all', not 'cls'"),
        (
            dict(audio_encoder=dict(region_size=(8, 4))),
            "as many region tokens in video as in audio, not {'video': 8, 'audio': 4}",
        ),
        (dict(audio_encoder=dict(embed_dims=64)), 'same width'),
    ],
)
def test_contradictions_are_errors(parts, message):
    with pytest.raises(ConfigError, match=message):
        build_recognizer(**parts)


def test_a_plain_encoder_has_local_tokens_only():
    head = dict(type='ClassificationHead', num_classes=3)
    with pytest.raises(ConfigError, match="'region' tokens need encoders with region tokens"):
        MODELS.build(dict(type='AVFMAERecognizer', video_encoder=VIT, head=head))
    model = MODELS.build(dict(type='AVFMAERecognizer', video_encoder=VIT, head=head, token_type='local'))
    assert model(random_inputs()).logits.shape == (2, 3)


def test_a_batch_without_a_modality_is_an_error():
    with pytest.raises(ConfigError, match='the batch has no audio'):
        build_recognizer()(dict(video=random_inputs()['video']))


@pytest.mark.parametrize(('modality', 'size'), [('video', (4, 96, 96)), ('audio', (512, 128))])
def test_an_input_of_another_size_is_an_error(modality, size):
    model = build_recognizer()
    inputs = random_inputs(1)
    inputs[modality] = torch.zeros(*inputs[modality].shape[:2], *size)
    with pytest.raises(ConfigError, match=f'gets .{size[0]}, {size[1]}'):
        model(inputs)


@torch.no_grad()
@pytest.mark.parametrize(
    'parts',
    [{}, dict(token_type='all', correlation_tokens='region'), dict(EVERY_LAYER, token_type='local', correlation=None)],
)
@pytest.mark.parametrize('modality', ['video', 'audio'])
def test_given_tokens_stand_for_an_encoder(parts, modality):
    if 'correlation' in parts:
        parts = dict(parts, features=('layers', 'last'))
    model, inputs = build_recognizer(**parts).eval(), random_inputs()
    encoded = model.encode(inputs)
    alone = {m: value for m, value in inputs.items() if m != modality}
    given = {modality: encoded[modality]}
    assert torch.equal(model(alone, given=given).logits, model(inputs).logits)
    first = {modality: model.encode({m: value[:1] for m, value in inputs.items()})[modality]}
    repeated = {m: value[:1].expand_as(value) if m == modality else value for m, value in inputs.items()}
    torch.testing.assert_close(model(alone, given=first).logits, model(repeated).logits, rtol=0, atol=1e-6)
    with pytest.raises(ConfigError, match=f'the batch has no {modality}'):
        model(alone)
    with pytest.raises(ConfigError, match='tokens of depth are given'):
        model(inputs, given=dict(depth=encoded[modality]))
