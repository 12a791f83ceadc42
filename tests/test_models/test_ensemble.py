"""Ensembles: members side by side are what each of them is alone, and their mean is what comes out."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

import mmavf.engine  # noqa: F401  (registers the constructor)
from mmavf.errors import ConfigError
from mmavf.models.complexity import count_flops, count_parameters
from mmavf.models.encoders import give_to_members
from mmavf.registry import MODELS
from mmavf.visualization.attention_rollout import rollout
from tests.helpers.models import ROOT, labelled

MEMBERS = 3
ENCODER = dict(
    type='ViTEncoder', input_size=(16, 8), patch_size=(4, 8), in_channels=1, embed_dims=8, num_heads=2, depth=2
)


SETTINGS = dict(type='AVFMAERecognizer', token_type='local', pooling='mean_std', data_preprocessor=None)
ALL = dict(type='EncoderEnsemble', num_members=MEMBERS, member=ENCODER)


def ensemble(head):
    torch.manual_seed(0)
    return MODELS.build(dict(SETTINGS, audio_encoder=ALL, head=head))


def members_of(model, head):
    """Return the members as recognizers of their own, their weights picked by hand."""
    found = []
    for k in range(MEMBERS):
        alone = MODELS.build(dict(SETTINGS, audio_encoder=ENCODER, head=head))
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


@torch.no_grad()
def test_the_loss_in_evaluation_is_that_of_the_mean():
    model = ensemble(HEADS[0]).eval()
    model.head.fc.weight.data *= 5
    samples = labelled(2, 0)
    chances = torch.stack([alone.eval()(clips(2)).logits.softmax(1) for alone in members_of(model, HEADS[0])]).mean(0)
    targets = torch.full((2, 4), 0.1 / 4)  # smoothed
    targets[0, 2] += 0.9
    targets[1, 0] += 0.9
    loss = model(clips(2), samples, mode='loss')['loss']
    torch.testing.assert_close(loss, -(targets * chances.log()).sum(1).mean())


@torch.no_grad()
def test_predictions_of_a_model_in_training_are_of_the_ensemble():
    model = ensemble(HEADS[0])  # without dropout
    answers = [model.train(training)(clips(2), labelled(0, 1), mode='predict') for training in (True, False)]
    for ours, theirs in zip(*answers, strict=True):
        assert ours.pred_score.shape == (4,)
        torch.testing.assert_close(ours.pred_score, theirs.pred_score)


def test_biases_of_members_do_not_decay():
    model = ensemble(HEADS[0])
    build = dict(
        optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.5), constructor='mmavf.DecayOptimWrapperConstructor'
    )
    optimizer = build_optim_wrapper(model, dict(type='OptimWrapper', **build)).optimizer
    decayed = {id(p) for group in optimizer.param_groups if group['weight_decay'] for p in group['params']}
    assert id(model.head.fc.weight) in decayed
    assert decayed.isdisjoint(id(p) for name, p in model.named_parameters() if name.endswith('bias'))


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


def test_weights_of_one_encoder_are_given_to_all():
    model = ensemble(HEADS[0])
    torch.manual_seed(5)
    one = MODELS.build(ENCODER).state_dict()
    weights = {f'encoders.audio.{name}': value for name, value in one.items()}
    give_to_members(model, weights)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and all(name.startswith('head.') for name in missing)
    for member in model.encoders.audio.members:
        assert all(torch.equal(value, one[name]) for name, value in member.state_dict().items())
    own = model.state_dict()
    give_to_members(model, own)
    assert own.keys() == model.state_dict().keys()


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
    with pytest.raises(ConfigError, match='members must be encoders without region tokens, .* not ImprovedLGI'):
        MODELS.build(dict(type='EncoderEnsemble', num_members=2, member=dict(regions, in_channels=1, depth=1)))
    for count in (0, 5):
        with pytest.raises(ConfigError, match=f'6 channels: not those of {count} members'):
            MODELS.build(dict(type='ClassificationHead', in_channels=6, num_classes=3, num_members=count))


def test_encoders_and_head_have_equally_many_members():
    with pytest.raises(ConfigError, match='the encoders have 3 members and the head 1'):
        MODELS.build(dict(SETTINGS, audio_encoder=ALL, head=dict(HEADS[0], num_members=1)))
    with pytest.raises(ConfigError, match='the encoders have 1 members and the head 2'):
        MODELS.build(dict(SETTINGS, audio_encoder=ENCODER, head=dict(HEADS[0], num_members=2)))
    video = dict(ENCODER, input_size=(4, 8, 8), patch_size=(2, 4, 4), in_channels=3)
    with pytest.raises(ConfigError, match="equally many members, not {'video': 1, 'audio': 3}"):
        MODELS.build(dict(SETTINGS, video_encoder=video, audio_encoder=ALL, head=HEADS[0]))
    both = dict(video_encoder=dict(ALL, member=video), audio_encoder=ALL, head=HEADS[0])
    assert MODELS.build(dict(SETTINGS, **both)).head.num_members == 3
    with pytest.raises(ConfigError, match='a correlation module would mix the members'):
        MODELS.build(dict(SETTINGS, **both, correlation=dict(type='CrossFusion', embed_dims=24, num_heads=2)))


def test_an_ensemble_is_not_pretrained():
    cfg = Config.fromfile(ROOT / 'configs/small/audio_pretrain.py').model
    cfg.encoders.audio = dict(type='EncoderEnsemble', num_members=2, member=cfg.encoders.audio)
    with pytest.raises(ConfigError, match='pre-train one encoder, and load_from gives its weights to every member'):
        MODELS.build(cfg)
