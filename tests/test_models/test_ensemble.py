"""Ensembles: members side by side are what each of them is alone, and their mean is what comes out."""

import pytest
import torch
from mmengine.runner import load_checkpoint

from mmavf.errors import ConfigError
from mmavf.models.complexity import count_flops, count_parameters
from mmavf.registry import MODELS
from mmavf.visualization.attention_rollout import rollout
from tests.helpers.models import labelled

MEMBERS = 3
ENCODER = dict(
    type='ViTEncoder', input_size=(16, 8), patch_size=(4, 8), in_channels=1, embed_dims=8, num_heads=2, depth=2
)


def ensemble(head, **options):
    torch.manual_seed(0)
    encoder = dict(type='EncoderEnsemble', num_members=MEMBERS, member=dict(ENCODER, **options.pop('encoder', {})))
    settings = dict(token_type='local', pooling='mean_std', data_preprocessor=None, **options)
    return MODELS.build(
        dict(type='AVFMAERecognizer', audio_encoder=encoder, head=dict(head, num_members=MEMBERS), **settings)
    )


def members_of(model, head, **options):
    """Return the members as recognizers of their own, their weights picked by hand."""
    found = []
    options.pop('encoder', None)
    settings = dict(token_type='local', pooling='mean_std', data_preprocessor=None, **options)
    for k in range(MEMBERS):
        alone = MODELS.build(dict(type='AVFMAERecognizer', audio_encoder=ENCODER, head=dict(head), **settings))
        alone.encoders.audio.load_state_dict(model.encoders.audio.members[k].state_dict())
        width = alone.head.norm.weight.numel()
        for name in ('weight', 'bias'):
            getattr(alone.head.norm, name).data = getattr(model.head.norm, name).data.reshape(width, MEMBERS)[:, k]
            getattr(alone.head.fc, name).data = getattr(model.head.fc, name).data[..., k]
        found.append(alone)
    return found


HEADS = [dict(type='ClassificationHead', num_classes=4), dict(type='RegressionHead', num_outputs=2)]
LABELS = [(2, 0), (torch.tensor([0.3, -1.0]), torch.tensor([1.0, 0.5]))]


@pytest.fixture(params=[0, 1], ids=['classes', 'numbers'])
def case(request):
    head = HEADS[request.param]
    model = ensemble(head)
    torch.nn.init.normal_(model.head.norm.weight)
    torch.nn.init.normal_(model.head.norm.bias)
    torch.nn.init.normal_(model.head.fc.weight)
    return model, members_of(model, head), labelled(*LABELS[request.param])


def clips(count=4):
    return dict(audio=torch.randn(count, 1, 16, 8, generator=torch.Generator().manual_seed(1)))


@torch.no_grad()
def test_what_comes_out_is_the_mean_of_the_members(case):
    model, members, samples = case
    views = clips()  # two of each clip
    model.eval()(views, samples, mode='predict')
    name = 'pred_score' if 'pred_score' in samples[0] else 'pred_value'
    outputs = torch.stack([alone.eval()(views).logits for alone in members])
    values = outputs.softmax(-1) if name == 'pred_score' else outputs
    expected = values.mean(0).reshape(2, 2, -1).mean(1)
    assert values.std(0).mean() > 0.05  # members differ
    torch.testing.assert_close(torch.stack([sample.get(name) for sample in samples]), expected)


def test_each_member_learns_as_if_it_were_alone(case):
    model, members, samples = case
    loss = model.train()(clips(), samples, mode='loss')['loss']
    loss.backward()
    own = [alone.train()(clips(), samples, mode='loss')['loss'] for alone in members]
    torch.testing.assert_close(loss, torch.stack(own).mean())
    for k, alone in enumerate(members):
        own[k].backward()
        expected = alone.encoders.audio.blocks[1].ffn.fc1.weight.grad
        found = model.encoders.audio.members[k].blocks[1].ffn.fc1.weight.grad
        assert expected.abs().sum() > 0
        torch.testing.assert_close(found * MEMBERS, expected)
        torch.testing.assert_close(model.head.fc.weight.grad[..., k] * MEMBERS, alone.head.fc.weight.grad)


def test_the_loss_in_evaluation_is_that_of_the_mean():
    model = ensemble(HEADS[0]).eval()
    samples = labelled(2, 0)
    logits = model(clips(2)).logits
    torch.testing.assert_close(logits.exp().sum(1), torch.ones(2))  # logarithms of probabilities
    torch.testing.assert_close(model(clips(2), samples, mode='loss')['loss'], model.head.loss(logits, samples))


def test_members_begin_differently_and_are_counted():
    model = ensemble(HEADS[0])
    model.init_weights()
    first, second, third = (member.blocks[0].ffn.fc1.weight for member in model.encoders.audio.members)
    assert not torch.equal(first, second) and not torch.equal(second, third)
    weights = model.head.fc.weight
    assert weights.shape == (4, 16, MEMBERS) and not torch.equal(weights[..., 0], weights[..., 1])
    assert weights.abs().max() <= 0.25 < 4 * weights.std()  # even between -1/4 and 1/4, as torch.nn.Linear(16, ...)
    (alone, *_) = members_of(model, HEADS[0])
    assert count_parameters(model)[''] == MEMBERS * count_parameters(alone)['']
    assert count_flops(model)['encoders.audio'] == MEMBERS * count_flops(alone)['encoders.audio']


@pytest.mark.parametrize('with_mmengine', [True, False])
def test_weights_of_one_encoder_are_given_to_all(with_mmengine, tmp_path):
    model = ensemble(HEADS[0])
    torch.manual_seed(5)
    one = MODELS.build(ENCODER)
    weights = {f'encoders.audio.{name}': value for name, value in one.state_dict().items()}
    if with_mmengine:  # as load_from does
        torch.save(dict(state_dict=weights), tmp_path / 'a.pth')
        load_checkpoint(model, str(tmp_path / 'a.pth'), map_location='cpu')
    else:
        missing, unexpected = model.load_state_dict(dict(weights), strict=False)
        assert not unexpected and all(name.startswith('head.') for name in missing)
    for member in model.encoders.audio.members:
        for name, value in member.state_dict().items():
            assert torch.equal(value, one.state_dict()[name])
    whole = ensemble(HEADS[0])
    whole.load_state_dict(model.state_dict())  # its own are left as they are
    assert torch.equal(whole.head.fc.weight, model.head.fc.weight)


@torch.no_grad()
def test_hidden_layers_and_visible_tokens_are_those_of_the_members():
    torch.manual_seed(0)
    both = MODELS.build(dict(type='EncoderEnsemble', num_members=2, member=dict(ENCODER, out_indices=(0, 1)))).eval()
    keep = torch.tensor([[0, 3], [1, 2]])
    found = both(clips(2)['audio'], keep)
    for k, member in enumerate(both.members):
        alone = member(clips(2)['audio'], keep)
        torch.testing.assert_close(found.tokens[..., k::2], alone.tokens)
        for ours, theirs in zip(found.hidden, alone.hidden, strict=True):
            torch.testing.assert_close(ours[..., k::2], theirs)
        assert torch.equal(found.token_ids, alone.token_ids)
    assert both.embed_dims == 16 and both.grid == (4, 1) and len(both.blocks) == 2
    both.out_indices = (1,)
    (last,) = both(clips(2)['audio']).hidden
    torch.testing.assert_close(last, both(clips(2)['audio']).tokens)


@torch.no_grad()
def test_their_attention_is_the_mean_of_theirs():
    torch.manual_seed(0)
    both = MODELS.build(dict(type='EncoderEnsemble', num_members=2, member=ENCODER)).eval()
    maps = [rollout(member, clips(2)['audio'], 'local') for member in both.members]
    assert (maps[0] - maps[1]).abs().max() > 1e-3
    torch.testing.assert_close(rollout(both, clips(2)['audio'], 'local'), (maps[0] + maps[1]) / 2)


def test_blocks_of_members_have_the_rates_of_blocks():
    model = ensemble(HEADS[0])
    (alone, *_) = members_of(model, HEADS[0])
    for name in ('encoders.audio.blocks.0.ffn.fc1.weight', 'encoders.audio.patch_embed.proj.weight', 'head.fc.weight'):
        ours = name.replace('audio.', 'audio.members.2.')
        assert model.get_layer_depth(ours) == alone.get_layer_depth(name)


def test_what_cannot_be_an_ensemble_is_refused():
    with pytest.raises(ConfigError, match='num_members must be at least 2, not 1'):
        MODELS.build(dict(type='EncoderEnsemble', num_members=1, member=ENCODER))
    regions = dict(type='ImprovedLGIEncoder', input_size=(256, 128), patch_size=(16, 16), region_size=(4, 2))
    with pytest.raises(ConfigError, match='members must have no region tokens'):
        MODELS.build(dict(type='EncoderEnsemble', num_members=2, member=dict(regions, in_channels=1, depth=1)))
    for count in (0, 5):
        with pytest.raises(ConfigError, match=f'6 channels, which are not those of {count} members'):
            MODELS.build(dict(type='ClassificationHead', in_channels=6, num_classes=3, num_members=count))
