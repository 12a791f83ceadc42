"""Roll-out compared with a slow one: the forward pass in NumPy, every layer a full matrix over all tokens."""

from math import erf

import numpy as np
import pytest
import torch

from mmavf.errors import ConfigError
from mmavf.models.encoders import ImprovedLGIEncoder, ViTEncoder
from mmavf.models.layers import CrossAttention, SelfAttention
from mmavf.visualization.attention_rollout import attention_maps, rollout
from mmavf.visualization.heat import heat, overlay_map
from projects.example_project.mean_mix_encoder import MeanMixEncoder
from tests.helpers.models import build_recognizer, random_inputs

SIZES = dict(input_size=(4, 8, 12), patch_size=(2, 4, 4), embed_dims=16, num_heads=2, depth=2)
CLIPS = torch.randn(2, 3, 4, 8, 12, generator=torch.Generator().manual_seed(3))


def sharpened(encoder):
    """An encoder whose attention is far from even."""
    torch.manual_seed(0)
    encoder.init_weights()
    for layer in encoder.modules():
        if isinstance(layer, SelfAttention | CrossAttention):
            for parameter in layer.parameters():
                torch.nn.init.normal_(parameter, std=0.7)
    return encoder.eval()


def lgi(**options):
    return sharpened(ImprovedLGIEncoder(**SIZES, region_size=(1, 2, 1), **options))


class Slow:
    """One clip through an encoder in float64; `matrix` (tokens, tokens) says what share of each token came from which.

    Tokens are the regions, then the local tokens in the order of the encoder.
    """

    def __init__(self, encoder, clip):
        self.w = {name: value.double().numpy() for name, value in encoder.state_dict().items()}
        ids = encoder.all_token_ids
        local = encoder.embed(clip[None], ids)[0].detach().double().numpy()
        regions = self.w.get('region_tokens', np.zeros((0, local.shape[1])))
        self.x = np.concatenate([regions, local])
        self.matrix = np.eye(len(self.x))
        self.num_regions, self.heads = len(regions), 2

    def norm(self, x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-6)
        return scaled * self.w[f'{name}.weight'] + self.w[f'{name}.bias']

    def attend(self, rows, columns, name):
        """Attention from the tokens `rows` to `columns`; returns what to add, and its weights as a full matrix."""
        separate = f'{name}.norm_context.weight' in self.w
        queries = self.norm(self.x[rows], f'{name}.norm')
        context = self.norm(self.x[columns], f'{name}.norm_context' if separate else f'{name}.norm')
        w, channels = self.w, self.x.shape[1]
        packed = w.get(f'{name}.attn.qkv.weight')
        if packed is None:
            packed = np.concatenate([w[f'{name}.attn.q.weight'], w[f'{name}.attn.kv.weight']])
        q = queries @ packed[:channels].T + w[f'{name}.attn.q_bias']
        k = context @ packed[channels : 2 * channels].T
        v = context @ packed[2 * channels :].T + w[f'{name}.attn.v_bias']
        out, full, width = np.zeros_like(queries), np.eye(len(self.x)), channels // self.heads
        full[rows] = 0.5 * full[rows]
        for head in range(self.heads):
            part = slice(head * width, (head + 1) * width)
            for i, row in enumerate(rows):
                scores = np.exp([q[i, part] @ key / np.sqrt(width) for key in k[:, part]])
                scores /= scores.sum()
                out[i, part] = scores @ v[:, part]
                for j, column in enumerate(columns):
                    full[row, column] += 0.5 * scores[j] / self.heads
        return out @ w[f'{name}.attn.proj.weight'].T + w[f'{name}.attn.proj.bias'], full

    def layer(self, pairs, name):
        """One layer in which several sets of rows attend, each to its own columns, all at once."""
        found = [(rows, *self.attend(rows, columns, name)) for rows, columns in pairs]
        step = np.eye(len(self.x))
        for rows, added, full in found:
            self.x[rows] += added
            step[rows] = full[rows]
        self.matrix = step @ self.matrix

    def feed_forward(self, name):
        w = self.w
        hidden = self.norm(self.x, f'{name}.norm') @ w[f'{name}.fc1.weight'].T + w[f'{name}.fc1.bias']
        hidden = hidden * (1 + np.vectorize(erf)(hidden / np.sqrt(2))) / 2
        self.x = self.x + hidden @ w[f'{name}.fc2.weight'].T + w[f'{name}.fc2.bias']

    def run(self, depth):
        count, total = self.num_regions, len(self.x)
        regions, local = list(range(count)), list(range(count, total))
        for block in range(depth):
            name = f'blocks.{block}'
            if not count:
                self.layer([(local, local)], f'{name}.self_attn')
            else:
                own = np.array_split(local, count)
                groups = [[region, *tokens] for region, tokens in zip(regions, own, strict=True)]
                self.layer([(group, group) for group in groups], f'{name}.stage1')
                self.layer([(regions, regions)], f'{name}.stage2')
                self.layer([(local, regions)], f'{name}.stage3')
                if f'{name}.stage4.norm.weight' in self.w:
                    self.layer([(regions, local)], f'{name}.stage4')
            self.feed_forward(f'{name}.ffn')
        return self

    def map(self, rows, encoder):
        share = self.matrix[rows].mean(axis=0)[self.num_regions :]
        raster = np.zeros(encoder.num_tokens)
        raster[encoder.all_token_ids.numpy()] = share
        return (raster / raster.sum()).reshape(encoder.grid)


@pytest.mark.parametrize('stage_iv', [True, False])
def test_the_local_global_encoder_equals_a_slow_rollout(stage_iv):
    encoder = lgi(stage_iv=stage_iv)
    slow = [Slow(encoder, clip).run(2) for clip in CLIPS]
    for tokens, rows in dict(region=slice(0, 6), local=slice(6, None), all=slice(None)).items():
        maps = rollout(encoder, CLIPS, tokens).numpy()
        assert maps.shape == (2, 2, 2, 3) and np.ptp(maps[0]) > 0.02
        np.testing.assert_allclose(maps, [one.map(rows, encoder) for one in slow], rtol=2e-4)


def test_the_slow_forward_pass_is_that_of_the_encoder():
    encoder = lgi()
    slow = Slow(encoder, CLIPS[0]).run(2)
    output = encoder(CLIPS[:1])
    np.testing.assert_allclose(slow.norm(slow.x[6:], 'norm'), output.tokens[0].detach().numpy(), atol=2e-4)
    np.testing.assert_allclose(slow.norm(slow.x[:6], 'norm'), output.regions[0, :, -1].detach().numpy(), atol=2e-4)


def test_the_plain_encoder_equals_a_slow_rollout():
    encoder = sharpened(ViTEncoder(**SIZES))
    maps = rollout(encoder, CLIPS, 'local').numpy()
    for clip, found in zip(CLIPS, maps, strict=True):
        np.testing.assert_allclose(found, Slow(encoder, clip).run(2).map(slice(None), encoder), rtol=2e-4)


@pytest.mark.parametrize('kind', [lgi, lambda: sharpened(ViTEncoder(**SIZES))], ids=['lgi', 'vit'])
def test_even_attention_gives_an_even_map(kind):
    encoder = kind()
    for layer in encoder.modules():
        if isinstance(layer, SelfAttention | CrossAttention):
            torch.nn.init.zeros_(layer.q_bias)
            weight = layer.qkv.weight if isinstance(layer, SelfAttention) else layer.q.weight
            torch.nn.init.zeros_(weight)
    maps = rollout(encoder, CLIPS, 'region' if encoder.num_regions else 'local')
    torch.testing.assert_close(maps, torch.full((2, 2, 2, 3), 1 / 12))


def test_the_maps_of_a_recognizer_sum_to_1_and_nothing_is_left_behind():
    model = build_recognizer().eval()
    inputs = random_inputs()
    before = model(inputs).logits
    state = {name: value.clone() for name, value in model.state_dict().items()}
    maps = attention_maps(model, inputs)
    assert {m: tuple(found.shape) for m, found in maps.items()} == dict(video=(2, 8, 10, 10), audio=(2, 16, 8))
    for found in maps.values():
        torch.testing.assert_close(found.flatten(1).sum(dim=1), torch.ones(2))
        assert (found > 0).all()
    assert torch.equal(model(inputs).logits, before)
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_other_encoders_and_tokens_are_refused():
    other = MeanMixEncoder(16, 2, (4, 8, 12), (2, 4, 4), 3)
    with pytest.raises(ConfigError, match='not for MeanMixEncoder'):
        rollout(other, CLIPS, 'local')
    with pytest.raises(ConfigError, match='no region tokens'):
        rollout(ViTEncoder(**SIZES), CLIPS, 'region')


def test_a_map_is_brightest_where_it_is_strongest():
    weights = np.zeros((2, 2, 3), np.float32)
    weights[1, 0, 2] = 0.75
    weights[0, 1, 0] = 0.25
    frames = np.full((4, 20, 30, 3), 100, np.uint8)
    drawn = overlay_map(frames, weights)
    strength = heat(weights, (4, 20, 30))
    assert strength.max() == 1 and strength[3, 0, 29] == 1 and strength[0, 19, 0] == pytest.approx(2 / 8)
    assert (drawn[0, :10, 15:] == 100).all()
    assert drawn[3, 2, 28].astype(int).sum() > drawn[0, 17, 2].sum() != 300


def test_small_differences_look_small():
    assert heat(np.full((4, 2), 0.1), (40, 20)).max() < 1e-5
    weights = np.ones((1, 10, 10))
    weights[0, 5, 5] = 1.1
    assert heat(weights, (1, 90, 90)).max() == pytest.approx((1.1 / 1.001 - 1) / 0.5, abs=1e-3)
