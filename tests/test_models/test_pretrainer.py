"""The pre-training model: shapes, loss, options, errors, the zero gradients that the method has."""

import pytest
import torch

from mmavf.errors import ConfigError
from mmavf.models.encoders import ViTEncoder
from mmavf.models.layers import take_patches
from mmavf.models.maskers import AVDualMasker, RegionBalancedMask, TubeMask
from mmavf.registry import MODELS
from tests.helpers.models import build_pretrainer, forbid_waiting, pretrain_config, random_inputs

BALANCED_AUDIO = dict(mask_ratio=0.5, region_size=(4, 4))
SIZES = dict(video=800, audio=128)
BALANCED = dict(
    masker=dict(
        video_encoder_mask=dict(type='RegionBalancedMask', mask_ratio=0.9, region_size=(2, 5, 10), tube=True),
        audio_encoder_mask=dict(type='RegionBalancedMask', mask_ratio=0.8125, region_size=(4, 4)),
    ),
    video_encoder=dict(region_grouping='exact'),
    audio_encoder=dict(region_grouping='exact'),
    decoder_positions='exact',
)


def test_predictions_and_losses_have_the_shapes_of_the_method():
    model, inputs = build_pretrainer(), random_inputs()
    output = model(inputs)
    assert output.predictions['video'].shape == (2, 400, 1536)
    assert output.predictions['audio'].shape == (2, 64, 256)
    assert output.encoded['video'].tokens.shape == (2, 80, 32)
    assert output.encoded['audio'].regions is None
    assert model.encoders['audio'](random_inputs()['audio']).regions.shape == (2, 8, 2, 32)
    losses = model(inputs, mode='loss')
    assert set(losses) == {'loss_video', 'loss_audio', 'loss_contrastive'}
    assert all(loss.ndim == 0 and loss.isfinite() for loss in losses.values())


def test_loss_by_loops_over_counted_tokens():
    model, inputs = build_pretrainer(), random_inputs()
    output = model(inputs)
    losses = model.loss(inputs, output)
    mask, errors = output.masks['audio'], []
    for b in range(2):
        for place, token in enumerate(mask.decode_ids[b].tolist()):
            if token in mask.keep_ids[b].tolist():
                continue
            t, f = token // 8 * 16, token % 8 * 16
            patch = inputs['audio'][b, 0, t : t + 16, f : f + 16].flatten()
            target = (patch - patch.mean()) / (patch.std() + 1e-6)
            errors.append((output.predictions['audio'][b, place] - target).square().mean())
    torch.testing.assert_close(losses['loss_audio'], torch.stack(errors).mean())


def test_contrastive_loss_by_loops():
    model, inputs = build_pretrainer(), random_inputs(3)
    output = model(inputs)
    total = 0
    for video, audio in zip(output.encoded['video'].hidden, output.encoded['audio'].hidden, strict=True):
        v = [row.mean(0) / row.mean(0).norm() for row in video]
        a = [row.mean(0) / row.mean(0).norm() for row in audio]
        scores = torch.stack([torch.stack([x @ y for y in a]) for x in v]) / 0.07
        diagonal = scores.diagonal()
        total += ((scores.logsumexp(1) - diagonal).mean() + (scores.logsumexp(0) - diagonal).mean()) / 2
    torch.testing.assert_close(model.loss(inputs, output)['loss_contrastive'], 0.0025 * total)


def test_gradients_are_zero_exactly_where_the_method_makes_them_zero():
    """Stage IV of the last block (its region tokens go nowhere) and attention scores over a single fused token."""
    model = build_pretrainer().eval()  # batch statistics would make the biases before them zero, too
    sum(model(random_inputs(), mode='loss').values()).backward()
    norms = {name: p.grad.norm().item() for name, p in model.named_parameters()}
    zero = {name for name, norm in norms.items() if norm < 1e-6 * max(norms.values())}
    last = tuple(f'encoders.{m}.blocks.1.stage4.' for m in ('video', 'audio'))
    hafe = 'correlation.hafe.'
    queries = {f'{hafe}cross_attn.q.weight', f'{hafe}cross_attn.q_bias'}
    queries |= {f'{hafe}{m}_norm.{part}' for m in ('video', 'audio') for part in ('weight', 'bias')}
    assert zero == {name for name in norms if name.startswith(last)} | queries


def test_a_step_copies_nothing_to_the_device_and_reads_nothing_from_it(monkeypatch):
    """Neither tensors made of Python numbers, which wait on a GPU, nor values read back."""
    model, inputs = build_pretrainer(), random_inputs()
    sum(model(inputs, mode='loss').values()).backward()  # what is made once is made now
    forbid_waiting(monkeypatch)
    sum(model(inputs, mode='loss').values()).backward()


def test_exact_options_give_every_token_its_own_region_and_position():
    model = build_pretrainer(**BALANCED)
    output = model(random_inputs())
    for modality in ('video', 'audio'):
        encoder, encoded = model.encoders[modality], output.encoded[modality]
        regions = encoder.region_ids[encoded.token_ids].view(2, 8, -1)
        assert (regions == torch.arange(8)[:, None]).all()
        assert torch.equal(encoded.token_ids.sort(dim=1).values, output.masks[modality].keep_ids)


def test_released_positions_swap_the_middle_tokens_of_each_slice_pair():
    model = build_pretrainer()
    output = model(random_inputs())
    mask, encoded = output.masks['video'], output.encoded['video']
    other = (mask.keep_ids != encoded.token_ids).sum(1)
    assert other.tolist() == [40, 40]


def test_explicit_masks_are_used_and_reproducible():
    model, inputs = build_pretrainer().eval(), random_inputs()
    drawn = {
        m: (torch.ones(2, n, dtype=torch.bool), torch.zeros(2, n, dtype=torch.bool))
        for m, n in (('video', 800), ('audio', 128))
    }
    drawn['video'][0][:, :80] = False
    drawn['audio'][0][:, :24] = False
    first, second = model(inputs, masks=drawn), model(inputs, masks=drawn)
    assert first.masks['video'].keep_ids[0].tolist() == list(range(80))
    assert first.predictions['video'].shape == (2, 800, 1536)
    assert torch.equal(first.predictions['audio'], second.predictions['audio'])


def test_masked_content_does_not_reach_the_predictions():
    model, inputs = build_pretrainer().eval(), random_inputs()
    torch.manual_seed(5)
    output = model(inputs)
    masks = {}
    for m, size in (('video', 800), ('audio', 128)):
        encoder, decoder = torch.ones(2, size, dtype=torch.bool), torch.ones(2, size, dtype=torch.bool)
        masks[m] = (
            encoder.scatter(1, output.masks[m].keep_ids, False),
            decoder.scatter(1, output.masks[m].decode_ids, False),
        )
    changed = {m: x.clone() for m, x in inputs.items()}
    hidden = masks['audio'][0][0].nonzero()[0].item()
    t, f = hidden // 8 * 16, hidden % 8 * 16
    changed['audio'][0, 0, t : t + 16, f : f + 16] += 100
    before, after = model(inputs, masks=masks), model(changed, masks=masks)
    assert torch.equal(before.predictions['video'], after.predictions['video'])
    assert torch.equal(before.predictions['audio'], after.predictions['audio'])


def test_the_target_undoes_normalisation_and_takes_frame_differences():
    model, inputs = build_pretrainer(), random_inputs(1)
    ids = torch.tensor([[0, 437]])
    target = model.targets['video'](inputs['video'], ids).view(1, 2, 2, 256, 3)  # (frame, position, channel)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    for place, token in enumerate(ids[0].tolist()):
        patch = take_patches(inputs['video'], (2, 16, 16), torch.tensor([[token]]))[0, 0]  # (3, 2, 16, 16)
        pixels = (patch * std[:, None, None, None] + mean[:, None, None, None]).flatten(1)
        normal = ((pixels - pixels.mean(1, keepdim=True)) / (pixels.std(1, keepdim=True) + 1e-6)).view(3, 2, 256)
        torch.testing.assert_close(target[0, place, 0], normal[:, 0].T, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(target[0, place, 1], (normal[:, 1] - normal[:, 0]).T, atol=1e-5, rtol=1e-5)


def test_activation_checkpointing_changes_no_gradient():
    inputs, gradients = random_inputs(), []
    for with_cp in (False, True):
        parts = {f'{m}_{part}': dict(with_cp=with_cp) for m in ('video', 'audio') for part in ('encoder', 'decoder')}
        model = build_pretrainer(**parts).train()
        torch.manual_seed(7)
        sum(model(inputs, mode='loss').values()).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-7, rtol=1e-5)


def test_parts_can_be_left_out():
    model = build_pretrainer(correlation=None, contrastive_loss=None)
    assert set(model(random_inputs(), mode='loss')) == {'loss_video', 'loss_audio'}


def test_a_plain_vit_encoder_takes_the_place_of_the_local_global_one():
    parts = ('video_encoder', 'audio_encoder')
    config = pretrain_config(**{part: dict(type='ViTEncoder') for part in parts})
    for part in parts:
        config[part].pop('region_size')
    model = MODELS.build(config)
    assert isinstance(model.encoders['video'], ViTEncoder)
    assert sum(model(random_inputs(), mode='loss').values()).isfinite()


def test_initialisation_is_the_released_one():
    model = build_pretrainer()
    model.init_weights()
    weight = model.encoders['video'].blocks[0].stage1.attn.kv.weight
    bound = (6 / (32 + 64)) ** 0.5
    assert 0.9 * bound < weight.abs().max() <= bound
    assert model.encoders['video'].blocks[0].ffn.fc1.bias.abs().max() == 0
    decoder = model.decoders['video'].head.weight
    assert 0.9 < decoder.abs().max() / (6 / (16 + 1536)) ** 0.5 <= 1
    assert model.to_decoder['video'].weight.abs().max() <= 1 / 32**0.5  # the framework's default
    region_tokens = model.encoders['video'].region_tokens
    assert region_tokens.abs().max() <= 0.02
    assert 0.009 < region_tokens.std() < 0.0126  # 0.0108 is the deviation of a normal of 0.02 cut at one deviation
    assert model.decoders['audio'].mask_token.abs().max() <= 0.02


def test_former_keys_and_values_are_read_with_a_warning():
    with pytest.warns(FutureWarning, match="'reference' is now 'released'"):
        assert build_pretrainer(decoder_positions='reference').decoder_positions == 'released'
    with pytest.warns(FutureWarning, match='masker.video_encoder is now masker.video_encoder_mask'):
        masker = AVDualMasker(video_encoder=dict(mask_ratio=0.8))  # as it changes the mask of the base config
    assert isinstance(masker.encoder_masks['video'], TubeMask) and masker.encoder_masks['video'].num_masked == 640
    with pytest.warns(FutureWarning):
        masker = AVDualMasker(audio_decoder=dict(_delete_=True, type='RegionBalancedMask', **BALANCED_AUDIO))
    assert isinstance(masker.decoder_masks['audio'], RegionBalancedMask)
    with pytest.raises(TypeError, match='masks'):
        AVDualMasker(masks=None)


@torch.no_grad()
def test_features_are_the_mean_tokens_of_whole_clips_by_modality():
    model, inputs = build_pretrainer().eval(), random_inputs()
    features = model.extract_feat(dict(audio=inputs['audio']))
    assert list(features) == ['audio']
    torch.testing.assert_close(features['audio'], model.encoders['audio'](inputs['audio']).tokens.sum(dim=1) / 128)
    assert list(model.extract_feat(inputs)) == ['video', 'audio']
    with pytest.raises(ConfigError, match='takes video, audio; the batch has none of them'):
        model.extract_feat({})


def test_a_correlation_without_fused_tokens_gets_none():
    class Keep(torch.nn.Module):
        def forward(self, video, audio):
            return video, audio

    model = build_pretrainer(correlation=Keep())
    without = build_pretrainer(correlation=None)
    without.load_state_dict(model.state_dict())
    masks = {m: (mask := torch.arange(n).remainder(2)[None].expand(2, -1) > 0, mask) for m, n in SIZES.items()}
    ours, theirs = (x(random_inputs(), masks=masks).predictions for x in (model, without))
    assert all(torch.equal(ours[m], theirs[m]) for m in ours)


@pytest.mark.parametrize('seed', range(8))
def test_masks_that_are_balanced_by_chance_alone_are_no_promise(seed, monkeypatch):
    """One draw in four of these tubes leaves the same number in both regions of a slice."""
    monkeypatch.setattr(torch, 'manual_seed', lambda value, real=torch.manual_seed: real(seed))
    with pytest.raises(ConfigError, match=r'region-balanced masks.*\(2, 5, 10\)'):
        build_pretrainer(video_encoder=dict(region_grouping='exact'))


def test_masks_balanced_over_other_regions_are_refused():
    masker = BALANCED['masker'] | dict(
        audio_encoder_mask=dict(type='RegionBalancedMask', mask_ratio=0.8125, region_size=(8, 8))
    )
    with pytest.raises(ConfigError, match=r'region-balanced masks.*\(4, 4\)'):
        build_pretrainer(**BALANCED | dict(masker=masker))


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        (dict(decoder_positions='raster'), "'released' or 'exact'"),
        (dict(video_decoder=dict(num_skips=1)), 'skip features'),
        (dict(video_encoder=dict(region_size=(3, 5, 10))), 'do not tile'),
        (dict(video_encoder=dict(out_indices=(0, 7))), 'out_indices'),
        (dict(masker=dict(audio_encoder_mask=dict(type='RandomMask', mask_ratio=0.8))), 'do not spread evenly'),
        (dict(video_encoder=dict(region_grouping='exact')), 'region-balanced'),
        (dict(masker=dict(audio_grid=(32, 8))), r'a grid of \(16, 8\) tokens, masker.audio_grid is for \(32, 8\)'),
        (dict(video_decoder=dict(input_size=(8, 160, 160))), r'the video decoder .* is for \(4, 10, 10\)'),
        (dict(audio_target=dict(patch_size=(8, 16))), r'a patch of the audio encoder is \(16, 16\), 256 values'),
        (dict(audio_decoder=dict(out_channels=128)), r'the decoder predicts 128 values'),
        (dict(audio_encoder=dict(embed_dims=64)), r"the same width .*'video': 32, 'audio': 64"),
        (dict(audio_encoder=dict(out_indices=(1,)), audio_decoder=dict(num_skips=1)), "'video': 2, 'audio': 1"),
        (dict(correlation=dict(num_units=0)), 'num_units must be 1 or more'),
        (dict(audio_target=dict(patch_size=(1, 1))), 'one value per channel'),
    ],
)
def test_parts_that_do_not_fit_are_found_when_the_model_is_built(overrides, message):
    with pytest.raises(ConfigError, match=message):
        build_pretrainer(**overrides)
