"""The correlation module's parts against plain formulas, and swapping them by configuration."""

import torch
import torch.nn.functional as F

from mmavf.models.correlation import EvolutionaryRefinement, HAFELayer, IAVCLHead
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
