"""Layers against slow, obvious versions."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import kstest, truncnorm
from torch._subclasses.fake_tensor import FakeTensorMode

from mmavf.errors import ConfigError
from mmavf.models.layers import (
    CrossAttention,
    LGIBlock,
    PatchEmbed,
    SelfAttention,
    all_token_ids,
    draw_token,
    patch_grid,
    region_of_tokens,
    released_order,
    sinusoid_table,
    sort_by_region,
    take_patches,
)

CPU = torch.device('cpu')


def _slow_attention(q, k, v, heads):
    batch, queries, channels = q.shape
    out = torch.zeros_like(q)
    width = channels // heads
    for b in range(batch):
        for h in range(heads):
            part = slice(h * width, (h + 1) * width)
            for n in range(queries):
                scores = torch.stack([q[b, n, part] @ k[b, m, part] for m in range(k.shape[1])]) / width**0.5
                out[b, n, part] = torch.softmax(scores, 0) @ v[b, :, part]
    return out


def _randomise(module):
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)


def test_self_attention_equals_loops():
    attn, x = SelfAttention(12, 3), torch.randn(2, 5, 12)
    _randomise(attn)
    q, k, v = (x @ w.T for w in attn.qkv.weight.chunk(3))
    expected = attn.proj(_slow_attention(q + attn.q_bias, k, v + attn.v_bias, 3))
    torch.testing.assert_close(attn(x), expected, atol=1e-5, rtol=1e-5)


def test_cross_attention_equals_loops():
    attn, x, context = CrossAttention(12, 3), torch.randn(2, 5, 12), torch.randn(2, 7, 12)
    _randomise(attn)
    k, v = (context @ w.T for w in attn.kv.weight.chunk(2))
    q = x @ attn.q.weight.T + attn.q_bias
    torch.testing.assert_close(
        attn(x, context), attn.proj(_slow_attention(q, k, v + attn.v_bias, 3)), atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(attn(x), attn(x, x))


def test_attention_in_bfloat16_is_close_to_float32():
    attn, x = SelfAttention(32, 4), torch.randn(2, 16, 32)
    with torch.autocast('cpu', torch.bfloat16):
        low = attn(x)
    assert low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), attn(x), atol=2e-2, rtol=2e-2)


def test_heads_must_divide_the_channels():
    with pytest.raises(ConfigError, match='attention heads'):
        SelfAttention(10, 3)


def test_sinusoid_table_by_its_formula():
    table = sinusoid_table(20, 6).numpy()
    for p in range(20):
        for j in range(6):
            angle = p / 10000 ** (2 * (j // 2) / 6)
            assert np.isclose(table[p, j], np.cos(angle) if j % 2 else np.sin(angle), atol=1e-6)


@pytest.mark.parametrize(('shape', 'patch'), [((2, 3, 4, 6, 8), (2, 3, 4)), ((2, 1, 6, 4), (3, 2))])
def test_patch_embedding_equals_the_convolution(shape, patch):
    embed, x = PatchEmbed(shape[1], patch, 5), torch.randn(shape)
    conv = embed.proj(x).flatten(2).transpose(1, 2)  # (B, N, C), raster order
    count = conv.shape[1]
    torch.testing.assert_close(embed(x, torch.arange(count)), conv, atol=1e-5, rtol=1e-5)
    ids = torch.stack([torch.randperm(count)[:3] for _ in range(2)])
    torch.testing.assert_close(embed(x, ids), torch.stack([conv[b, ids[b]] for b in range(2)]), atol=1e-5, rtol=1e-5)


def test_take_patches_reads_the_right_pixels():
    x = torch.arange(2 * 3 * 4 * 4 * 6).view(2, 3, 4, 4, 6)
    ids = torch.tensor([[0, 5], [7, 2]])  # grid of (2, 2, 2)
    patches = take_patches(x, (2, 2, 3), ids)
    for b in range(2):
        for i, token in enumerate(ids[b].tolist()):
            t, h, w = token // 4, token // 2 % 2, token % 2
            expected = x[b, :, 2 * t : 2 * t + 2, 2 * h : 2 * h + 2, 3 * w : 3 * w + 3]
            assert torch.equal(patches[b, i], expected)


def test_patches_must_tile_the_input():
    with pytest.raises(ConfigError, match='do not tile'):
        patch_grid((16, 160, 150), (2, 16, 16))


def test_regions_by_loops():
    regions, grid, size = region_of_tokens((4, 6, 4), (2, 3, 4)), (4, 6, 4), (2, 3, 4)
    index = 0
    for t in range(grid[0]):
        for h in range(grid[1]):
            for w in range(grid[2]):
                assert regions[index] == (t // size[0] * 2 + h // size[1]) * 1 + w // size[2]
                index += 1
    order = all_token_ids(grid, size)
    assert torch.equal(order.sort().values, torch.arange(96))
    assert (regions[order].diff() >= 0).all()


def test_released_order_of_video_and_audio():
    expected = torch.arange(80).view(4, 2, 2, 5).permute(0, 2, 1, 3).flatten()
    assert torch.equal(released_order((8, 10, 10), (2, 5, 10), 80, CPU), expected)
    assert torch.equal(released_order((16, 8), (4, 4), 24, CPU), torch.arange(24))
    assert released_order((16, 8), (4, 4), 24, torch.device('meta')).is_meta


def test_the_order_of_a_trace_is_not_kept_for_real_use():
    with FakeTensorMode():
        released_order((8, 10, 10), (2, 5, 10), 160, CPU)
    assert released_order((8, 10, 10), (2, 5, 10), 160, CPU).tolist()[:3] == [0, 1, 2]


@pytest.mark.parametrize(('grid', 'region', 'visible'), [((8, 10, 10), (2, 5, 10), 72), ((16, 8), (4, 4), 25)])
def test_uneven_regions_are_an_error(grid, region, visible):
    with pytest.raises(ConfigError, match='do not spread evenly'):
        released_order(grid, region, visible, CPU)


def test_sort_by_region_groups_true_regions():
    regions = region_of_tokens((16, 8), (4, 4))
    keep = torch.stack(
        [torch.cat([(regions == r).nonzero()[:, 0][torch.randperm(16)[:3]] for r in range(8)]) for _ in range(3)]
    )
    ordered = sort_by_region(keep.sort(dim=1).values, regions)
    assert (regions[ordered] == torch.arange(8).repeat_interleave(3)).all()
    assert (ordered.view(3, 8, 3).diff(dim=2) > 0).all()


def test_lgi_block_by_its_stages():
    block, x = LGIBlock(8, 2), torch.randn(2, 3, 1 + 4, 8)
    _randomise(block)

    def attend(stage, q, context=None):
        norm = F.layer_norm(q, (8,), stage.norm.weight, stage.norm.bias, 1e-6)
        if context is None:
            return q + stage.attn(norm, norm)
        context = F.layer_norm(context, (8,), stage.norm_context.weight, stage.norm_context.bias, 1e-6)
        return q + stage.attn(norm, context)

    inside = torch.stack([attend(block.stage1, x[:, r]) for r in range(3)], dim=1)
    region_tokens, local = inside[:, :, 0], inside[:, :, 1:].reshape(2, 12, 8)
    region_tokens = attend(block.stage2, region_tokens)
    local = attend(block.stage3, local, region_tokens)
    region_tokens = attend(block.stage4, region_tokens, local)
    out = block(x)
    torch.testing.assert_close(out[:, :, 0], block.ffn(region_tokens), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(out[:, :, 1:].reshape(2, 12, 8), block.ffn(local), atol=1e-5, rtol=1e-5)


def test_without_stage_iv_the_last_region_tokens_ignore_what_stage_iii_wrote():
    block, x = LGIBlock(8, 2, stage_iv=False), torch.randn(1, 3, 5, 8)
    _randomise(block)
    before = block(x)[:, :, 0]
    torch.nn.init.normal_(block.stage3.attn.proj.weight)
    torch.testing.assert_close(block(x)[:, :, 0], before)
    improved = LGIBlock(8, 2)
    _randomise(improved)
    before = improved(x)[:, :, 0]
    torch.nn.init.normal_(improved.stage3.attn.proj.weight)
    assert (improved(x)[:, :, 0] - before).abs().max() > 1e-3


def test_tokens_begin_normal_and_cut_at_one_deviation():
    torch.manual_seed(0)
    drawn = draw_token(torch.empty(20000)).numpy()
    assert kstest(drawn, truncnorm(-1, 1, scale=0.02).cdf).pvalue > 0.01
    assert drawn.std() == pytest.approx(0.0108, abs=0.0002)


@pytest.mark.parametrize(
    ('branch', 'which', 'by_region'),
    [
        ('stage1', slice(None), True),
        ('stage2', slice(0, 1), False),
        ('stage3', slice(1, None), False),
        ('stage4', slice(0, 1), False),
        ('ffn', slice(None), True),
    ],
)
def test_stage_i_and_the_ffn_are_dropped_by_region_and_the_other_stages_by_clip(branch, which, by_region):
    torch.manual_seed(0)
    block, x = LGIBlock(8, 2, drop_path=0.4), torch.randn(200, 3, 1 + 4, 8)
    _randomise(block)
    for name, module in block.named_children():
        if name != branch:  # this residual branch adds nothing
            last = module.fc2 if name == 'ffn' else module.attn.proj
            torch.nn.init.zeros_(last.weight)
            torch.nn.init.zeros_(last.bias)
    changed = (block.train()(x) - x).abs().amax(dim=3) > 0  # (B, K, 1 + n)
    kept = changed[:, :, which]
    assert (kept == kept[:, :, :1]).all()  # a region's tokens together
    regions = kept[:, :, 0]
    assert (regions == regions[:, :1]).all() == (not by_region)
    rows = regions.flatten() if by_region else regions[:, 0]
    assert rows.float().mean() == pytest.approx(0.6, abs=0.1)
