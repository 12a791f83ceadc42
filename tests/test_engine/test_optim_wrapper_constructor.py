"""Which parameters decay, and how fast each layer learns."""

import pytest
from mmengine.registry import DefaultScope
from torch import nn

from mmavf.engine.optimizers import DecayOptimWrapperConstructor
from mmavf.errors import ConfigError
from mmavf.models.recognizers import AVFMAERecognizer
from tests.helpers.models import build_recognizer
from tests.helpers.train import tiny_runner


def build(model, **paramwise_cfg):
    optimizer = dict(type='AdamW', lr=0.1, weight_decay=0.05, fused=True)
    cfg = dict(type='GuardedOptimWrapper', dtype='float32', optimizer=optimizer)
    with DefaultScope.overwrite_default_scope('mmavf'):
        return DecayOptimWrapperConstructor(cfg, paramwise_cfg or None)(model)


def settings(model, wrapper):
    """(lr / base lr, weight decay) of each parameter by name."""
    names = {id(param): name for name, param in model.named_parameters()}
    groups = wrapper.optimizer.param_groups
    pairs = [(names[id(p)], (g['lr'] / 0.1, g['weight_decay'])) for g in groups for p in g['params']]
    assert len(pairs) == len(dict(pairs)) == len(names)
    return dict(pairs)


def test_norms_and_biases_do_not_decay_without_options_either():
    model = nn.ModuleDict(dict(linear=nn.Linear(3, 3), norm=nn.LayerNorm(3)))
    decays = {name for name, (_, decay) in settings(model, build(model)).items() if decay}
    assert decays == {'linear.weight'}


def test_two_groups_and_every_trainable_parameter_in_one_of_them():
    model = nn.ModuleDict(
        dict(linear=nn.Linear(3, 3), norm=nn.LayerNorm(3), token=nn.Embedding(2, 3), frozen=nn.Linear(3, 3))
    )
    model['frozen'].requires_grad_(False)
    wrapper = build(model, no_decay=['token.weight'])
    names = {id(param): name for name, param in model.named_parameters()}
    groups = {
        group['weight_decay']: {names[id(param)] for param in group['params']}
        for group in wrapper.optimizer.param_groups
    }
    assert len(wrapper.optimizer.param_groups) == 2
    assert groups == {0.05: {'linear.weight'}, 0.0: {'linear.bias', 'norm.weight', 'norm.bias', 'token.weight'}}


def test_unknown_keys_are_refused():
    with pytest.raises(ConfigError, match='norm_decay_mult'):
        build(nn.Linear(2, 2), norm_decay_mult=0)


# The released rule for depth 2 and two units, N + 1 = 5: distance from the head by the beginning of the name, the
# first that fits; whether the part decays is written for each parameter that has two dimensions or more.
RELEASED = [
    ('encoders.video.patch_embed', 5),
    ('encoders.audio.patch_embed', 5),
    ('encoders.video.blocks.0', 4),
    ('encoders.audio.blocks.0', 4),
    ('encoders.video.blocks.1', 3),
    ('encoders.audio.blocks.1', 3),
    ('correlation.units.0', 2),
    ('correlation.units.1', 1),
    ('correlation.refinement', 0),
    ('correlation.hafe', 0),
    ('encoders.video.region_tokens', 0),
    ('encoders.audio.region_tokens', 0),
    ('encoders.video.norm', 0),
    ('encoders.audio.norm', 0),
    ('layer_weights', 0),
    ('head', 0),
]


def test_each_layer_learns_at_its_rate():
    model = build_recognizer()
    wrapper = build(model, layer_decay_rate=0.75)
    found = settings(model, wrapper)
    for name, param in model.named_parameters():
        (distance,) = [steps for start, steps in RELEASED if name.startswith(start + '.') or name == start]
        decay = 0.0 if len(param.shape) == 1 else 0.05
        assert found[name] == (pytest.approx(0.75**distance, rel=1e-12), decay), name
    assert found['encoders.video.region_tokens'] == (1.0, 0.05)
    assert len(wrapper.optimizer.param_groups) == 2 * 6  # ids 0..5, each with and without decay


def test_without_units_the_head_follows_the_blocks():
    model = build_recognizer(correlation=None)
    found = settings(model, build(model, layer_decay_rate=0.5))
    assert found['encoders.video.patch_embed.proj.weight'][0] == 0.5**3
    assert found['encoders.video.blocks.1.ffn.fc1.weight'][0] == 0.5
    assert found['head.fc.weight'] == (1.0, 0.05)


def test_one_plain_encoder():
    encoder = dict(type='ViTEncoder', embed_dims=32, num_heads=2, depth=3)
    head = dict(type='ClassificationHead', num_classes=2)
    model = AVFMAERecognizer(head, video_encoder=encoder, token_type='local')
    found = settings(model, build(model, layer_decay_rate=0.5))
    blocks = {name: scale for name, (scale, _) in found.items() if 'blocks' in name}
    assert {name.split('.')[3]: scale for name, scale in blocks.items()} == {'0': 0.125, '1': 0.25, '2': 0.5}
    assert found['encoders.video.patch_embed.proj.bias'] == (0.0625, 0.0) and found['head.fc.bias'] == (1.0, 0.0)


@pytest.mark.parametrize(
    ('rate', 'message'), [(0.75, r'Linear has no get_layer_depth'), (0, r'in \(0, 1\], not 0'), (1.5, 'not 1.5')]
)
def test_rates_that_cannot_work(rate, message):
    with pytest.raises(ConfigError, match=message):
        build(nn.Linear(2, 2), layer_decay_rate=rate)


def test_the_batch_scales_every_group(tmp_path):
    runner = tiny_runner(tmp_path)
    model = build_recognizer()
    wrapper = build(model, layer_decay_rate=0.75)
    before = [group['lr'] for group in wrapper.optimizer.param_groups]
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.scale_lr(wrapper, dict(enable=True, base_batch_size=256))
    after = [group['lr'] for group in wrapper.optimizer.param_groups]
    assert after == pytest.approx([rate * 2 / 256 for rate in before])
    assert len(set(after)) == 6
