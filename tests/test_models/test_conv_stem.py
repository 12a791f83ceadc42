import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmavf.errors import ConfigError
from mmavf.models.layers import ConvStem, hold_in_bf16
from mmavf.registry import MODELS
from tests.helpers.models import ROOT

AUDIO = dict(in_channels=1, patch_size=(8, 16), embed_dims=6, input_size=(32, 32), channels=(4, 5))
VIDEO = dict(in_channels=3, patch_size=(2, 4, 4), embed_dims=6, input_size=(4, 8, 8), channels=(4, 5))


def clip(sizes):
    torch.manual_seed(0)
    return ConvStem(**sizes).eval(), torch.randn(2, sizes['in_channels'], *sizes['input_size'])


def block_of(token, sizes):
    """Return the slices of a token's patch, by dividing its number by hand."""
    patch = sizes['patch_size']
    grid = [size // step for size, step in zip(sizes['input_size'], patch, strict=True)]
    place = []
    for count in reversed(grid):
        place.insert(0, token % count)
        token //= count
    return tuple(slice(at * step, (at + 1) * step) for at, step in zip(place, patch, strict=True))


@pytest.mark.parametrize('sizes', [AUDIO, VIDEO], ids=['audio', 'video'])
def test_each_token_is_that_of_its_patch(sizes):
    stem, x = clip(sizes)
    for part in stem.modules():  # kernels that weigh the middle most, as a token sees parts of other patches, too
        if isinstance(part, nn.Conv2d | nn.Conv3d):
            nn.init.constant_(part.weight, 0.1)
            if part.kernel_size[0] == 3:
                for axis in range(2, part.weight.ndim):
                    part.weight.data.select(axis, 1).mul_(2)
    x = torch.zeros_like(x)
    ids = torch.arange(8)
    quiet = stem(x, ids)
    for token in ids.tolist():
        loud = x.clone()
        loud[(slice(None), slice(None), *block_of(token, sizes))] = 3.0
        change = (stem(loud, ids) - quiet).abs().sum(dim=(0, 2))
        assert change.argmax() == token


@pytest.mark.parametrize('sizes', [AUDIO, VIDEO], ids=['audio', 'video'])
def test_hidden_patches_are_not_seen(sizes):
    stem, x = clip(sizes)
    ids = torch.tensor([[0, 5, 6], [1, 2, 7]])
    shown = stem(x, ids)
    other = torch.randn_like(x)
    for row, tokens in enumerate(ids.tolist()):
        for token in tokens:
            place = (row, slice(None), *block_of(token, sizes))
            other[place] = x[place]
    assert torch.equal(stem(other, ids), shown)
    assert not torch.allclose(stem(other, torch.arange(8)), stem(x, torch.arange(8)))


def test_requested_tokens_come_in_the_order_of_the_request():
    stem, x = clip(AUDIO)
    every = stem(x, torch.arange(8))
    assert torch.equal(stem(x, torch.tensor([3, 0])), every[:, [3, 0]])
    visible = torch.arange(8).expand(2, -1)  # nothing hidden
    torch.testing.assert_close(stem(x, visible), every)


def test_what_is_left_of_a_patch_is_embedded():
    assert ConvStem(**AUDIO).patches.patch_size == (2, 4)
    assert ConvStem(1, (8, 128), 6, (16, 128), (2, 2, 2, 2)).patches.patch_size == (1, 8)


def test_sizes_that_cannot_be():
    with pytest.raises(ConfigError, match='channels is empty'):
        ConvStem(1, (8, 16), 6, (32, 32), channels=())
    with pytest.raises(ConfigError, match='do not tile'):
        ConvStem(1, (8, 16), 6, (36, 32))


@pytest.mark.parametrize('kind', ['ImprovedLGIEncoder', 'ViTEncoder'])
def test_encoders_take_it_by_config(kind):
    regions = dict(region_size=(2, 1)) if kind == 'ImprovedLGIEncoder' else {}
    sizes = dict(input_size=(32, 16), patch_size=(8, 16), in_channels=1, embed_dims=8, num_heads=2, depth=1)
    encoder = MODELS.build(dict(type=kind, **sizes, **regions, patch_embed=dict(type='ConvStem', channels=(3, 4))))
    assert encoder.patch_embed.patches.patch_size == (2, 4)
    encoder.patch_embed.eval()
    x = torch.randn(2, 1, 32, 16)
    assert encoder(x).tokens.shape == (2, 4, 8)
    hidden = x.clone()
    hidden[:, :, 8:16] = 7.0
    keep = torch.tensor([[0, 3], [0, 2]])
    assert torch.equal(encoder(hidden, keep).tokens, encoder(x, keep).tokens)


@pytest.fixture
def recognizer():
    config = Config.fromfile(ROOT / 'configs/small/audio.py').model
    config.data_preprocessor, config.head.num_classes = None, 3
    torch.manual_seed(0)
    return MODELS.build(config).eval()


@torch.no_grad()
def test_weights_held_in_bfloat16_give_the_probabilities_of_float32(recognizer):
    clips = dict(audio=torch.randn(4, 1, 192, 64))
    exact = recognizer(clips).logits.softmax(1)
    hold_in_bf16(recognizer)
    with torch.autocast('cpu', torch.bfloat16):
        held = recognizer(clips).logits.float().softmax(1)
    assert exact.std() > 0.03
    torch.testing.assert_close(held, exact, rtol=0, atol=0.01)


@torch.no_grad()
def test_it_can_be_exported_for_any_number_of_clips(recognizer):
    class Logits(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = recognizer

        def forward(self, audio):
            return self.model(dict(audio=audio)).logits

    batch = torch.export.Dim('batch', min=1, max=64)
    exported = torch.export.export(Logits(), (torch.randn(2, 1, 192, 64),), dynamic_shapes=({0: batch},)).module()
    clips = torch.randn(5, 1, 192, 64)
    torch.testing.assert_close(exported(clips), recognizer(dict(audio=clips)).logits)


def test_hidden_patches_need_no_values_on_the_host():
    stem, x = clip(AUDIO)
    ids = torch.tensor([[0, 5, 6], [1, 2, 7]])
    compiled = torch.compile(stem, fullgraph=True, backend='aot_eager')
    torch.testing.assert_close(compiled(x, ids), stem(x, ids))
