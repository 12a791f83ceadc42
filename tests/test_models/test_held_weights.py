"""Weights held for inference: the numbers of autocast, and nothing cast in a forward pass."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mmavf.models.layers import CrossAttention, hold_in_bf16
from tests.helpers.models import build_recognizer


class CastWeights(TorchDispatchMode):
    """Count the casts of tensors that are weights."""

    def __init__(self, model):
        super().__init__()
        self.weights = {parameter.data_ptr() for parameter in model.parameters() if parameter.ndim > 1}
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        casts = {torch.ops.aten._to_copy.default: args[:1], torch.ops.aten._foreach_copy_.default: args[1:2]}
        for source in casts.get(func, ()):
            for tensor in source if isinstance(source, list | tuple) else [source]:
                self.count += tensor.data_ptr() in self.weights
        return func(*args, **(kwargs or {}))


def logits_and_casts(model, inputs):
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16), CastWeights(model) as seen:
        return model(inputs).logits.float(), seen.count


def test_a_held_model_gives_the_numbers_of_autocast_without_its_casts():
    model = build_recognizer().eval()
    inputs = dict(video=torch.randn(2, 3, 16, 160, 160), audio=torch.randn(2, 1, 256, 128))
    expected, before = logits_and_casts(model, inputs)
    hold_in_bf16(model)
    found, after = logits_and_casts(model, inputs)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-2 * expected.abs().max().item())
    assert (found.softmax(1) - expected.softmax(1)).abs().max() < 5e-3
    assert before > 50 and after == 0
    assert model.head.norm.weight.dtype == torch.float32 and model.head.fc.weight.dtype == torch.bfloat16


def test_joined_products_are_those_of_their_parts_and_follow_new_weights():
    torch.manual_seed(0)
    attention, other = CrossAttention(32, 2), CrossAttention(32, 2)
    x, context = torch.randn(3, 7, 32), torch.randn(3, 5, 32)
    expected = attention(x), attention(x, context)
    names = list(attention.state_dict())
    attention.join_products()
    torch.testing.assert_close((attention(x), attention(x, context)), expected)
    assert list(attention.state_dict()) == names
    attention.load_state_dict(other.state_dict())
    torch.testing.assert_close(attention(x), other(x))
    with pytest.raises(AssertionError):
        torch.testing.assert_close(attention(x), expected[0])
