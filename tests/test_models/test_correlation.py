"""The correlation module's parts against plain formulas, and swapping them by configuration."""

import pytest
import torch
import torch.nn.functional as F

from mmavf.errors import ConfigError
from mmavf.models.correlation import CrossFusion, EvolutionaryRefinement, HAFELayer, IAVCLHead
from mmavf.registry import MODELS


def test_refinement_by_its_formula():
    layer = EvolutionaryRefinement(8).eval()
    torch.nn.init.normal_(layer.video_conv[1].running_mean)
    fused, video, audio = torch.randn(2, 3, 8), torch.randn(2, 5, 8), torch.randn(2, 4, 8)

    def gather(tokens, conv):
        weights = torch.softmax(torch.einsum('bfc,bnc->bfn', fused, tokens) / 8**0.5, dim=-1)
        rows = torch.einsum('bfn,bnc->bfc', weights, tokens) @ conv[0].weight[:, :, 0].T + conv[0].bias
        norm = conv[1]
        rows = (rows - norm.running_mean) / (norm.running_var + 1e-5).sqrt() * norm.weight + norm.bias
        return torch.where(rows > 0, rows, conv[2].weight * rows)

    expected = F.layer_norm(fused + gather(video, layer.video_conv) + gather(audio, layer.audio_conv), (8,), eps=1e-5)
    torch.testing.assert_close(layer(fused, video, audio), expected, atol=1e-5, rtol=1e-5)


def test_units_with_norms_of_their_own_keep_their_statistics_apart():
    torch.manual_seed(0)
    batches = [torch.randn(64, 4, 8), torch.randn(64, 4, 8) + 5]  # what two units hand over

    def difference(layer):
        """Train both passes, then compare evaluation with training: the largest difference of the refined tokens."""
        for _ in range(200):
            trained = [layer(tokens, tokens, tokens, unit=i) for i, tokens in enumerate(batches)]
        evaluated = [layer.eval()(tokens, tokens, tokens, unit=i) for i, tokens in enumerate(batches)]
        return max((t - e).abs().max() for t, e in zip(trained, evaluated, strict=True))

    assert difference(EvolutionaryRefinement(8, num_units=2, own_norms=True)) < 0.01
    assert difference(EvolutionaryRefinement(8, num_units=2)) > 0.1


def test_training_on_one_clip_alone_is_an_error_that_names_the_batch_size():
    layer, tokens = EvolutionaryRefinement(8), torch.randn(1, 5, 8)
    with pytest.raises(ConfigError, match='batch_size'):
        layer(torch.randn(1, 1, 8), tokens, tokens)
    layer(torch.randn(1, 2, 8), tokens, tokens)  # several fused tokens, as in fine-tuning
    layer.eval()(torch.randn(1, 1, 8), tokens, tokens)


def test_norms_of_their_own_leave_the_released_names_as_they_are():
    released = EvolutionaryRefinement(8).state_dict()
    own = EvolutionaryRefinement(8, num_units=3, own_norms=True).state_dict()
    assert set(released) == {name for name in own if not name.startswith('later_')}
    assert sum(name.endswith('running_mean') for name in own) == 3 * 2


def test_the_module_tells_the_refinement_layer_which_unit_it_follows():
    head = IAVCLHead(
        embed_dims=8, num_heads=2, num_units=3, refinement=dict(type='EvolutionaryRefinement', own_norms=True)
    )
    head(torch.randn(2, 5, 8), torch.randn(2, 4, 8), torch.randn(2, 2, 16))
    seen = [norm.num_batches_tracked for norm in head.refinement.modules() if isinstance(norm, torch.nn.BatchNorm1d)]
    assert seen == [1] * 6


def test_hafe_gates_sum_over_units():
    layer = HAFELayer(8, 2)
    outputs = [torch.randn(2, 5, 8) for _ in range(3)]
    fused = layer.video_units(outputs)
    token = torch.stack([unit[1, 4] for unit in outputs])[None]  # one token's units: (1, U, C)
    refined = layer.video_units.block(token)[0]
    expected = sum(torch.sigmoid(layer.video_units.gate(row)) * row for row in refined)
    torch.testing.assert_close(fused[1, 4], expected, atol=1e-5, rtol=1e-5)


def test_modalities_share_only_the_attention_to_the_fused_tokens():
    layer = HAFELayer(8, 2)
    names = [name for name, _ in layer.named_parameters() if not name.startswith(('video', 'audio'))]
    assert {name.split('.')[0] for name in names} == {'cross_attn', 'norm_context'}


def test_units_are_independent_and_their_number_is_free():
    head = IAVCLHead(embed_dims=8, num_heads=2, num_units=3)
    pointers = {p.data_ptr() for unit in head.units for p in unit.parameters()}
    assert len(pointers) == sum(1 for unit in head.units for _ in unit.parameters())
    video, audio = head(torch.randn(2, 5, 8), torch.randn(2, 4, 8), torch.randn(2, 1, 16))
    assert video.shape == (2, 5, 8) and audio.shape == (2, 4, 8)


def test_a_unit_of_ones_own_takes_the_place_of_the_default():
    @MODELS.register_module(force=True)
    class SwapUnit(torch.nn.Module):
        def __init__(self, embed_dims, num_heads, mlp_ratio, drop_path, scale):
            super().__init__()
            self.scale = scale

        def forward(self, video, audio):
            return video * self.scale, audio * self.scale

    head = IAVCLHead(embed_dims=8, num_heads=2, unit=dict(type='SwapUnit', scale=2.0))
    assert [type(unit).__name__ for unit in head.units] == ['SwapUnit', 'SwapUnit']
    MODELS.module_dict.pop('SwapUnit')


def test_drop_path_grows_over_the_units_and_is_half_in_the_hafe_layer():
    head = IAVCLHead(embed_dims=8, num_heads=2, num_units=3, drop_path_rate=0.2)
    rates = [unit.video.self_block.ffn.drop_path.p for unit in head.units]
    assert torch.allclose(torch.tensor(rates), torch.tensor([0.0, 0.1, 0.2]))
    assert head.hafe.drop_path.p == 0.1


def test_fusion_asks_the_other_modality_before_the_pair_and_norms_at_the_end():
    fusion = CrossFusion(embed_dims=8, num_heads=2, num_units=2)
    video, audio = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    before_video, before_audio = video, audio
    for pair in fusion.units:

        def updated(block, x, context):
            x = x + block.cross_attn.attn(block.cross_attn.norm(x), block.cross_attn.norm_context(context))
            x = x + block.block.self_attn.attn(block.block.self_attn.norm(x))
            ffn = block.block.ffn
            return x + ffn.fc2(F.gelu(ffn.fc1(ffn.norm(x))))

        video, audio = updated(pair.video, video, audio), updated(pair.audio, audio, video)
    expected = (
        F.layer_norm(video, (8,), fusion.video_norm.weight, fusion.video_norm.bias, 1e-6),
        F.layer_norm(audio, (8,), fusion.audio_norm.weight, fusion.audio_norm.bias, 1e-6),
    )
    for ours, theirs in zip(fusion(before_video, before_audio), expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_units_of_either_kind_fit_either_module():
    video, audio, fused = torch.randn(2, 5, 8), torch.randn(2, 3, 8), torch.randn(2, 1, 16)
    sizes = dict(embed_dims=8, num_heads=2)
    fusion = CrossFusion(**sizes, unit=dict(type='DiERUnit')).eval()
    expected = video, audio
    for unit in fusion.units:
        assert type(unit).__name__ == 'DiERUnit'
        expected = unit(*expected)
    torch.testing.assert_close(fusion(video, audio)[0], fusion.video_norm(expected[0]))
    head = IAVCLHead(**sizes, unit=dict(type='FusionPair')).eval()
    assert [type(unit).__name__ for unit in head.units] == ['FusionPair'] * 2
    assert [tuple(part.shape) for part in head(video, audio, fused)] == [(2, 5, 8), (2, 3, 8)]


def test_fusion_needs_a_pair():
    with pytest.raises(ConfigError, match='num_units must be 1 or more, not 0'):
        CrossFusion(num_units=0)
