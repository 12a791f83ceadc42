import pytest
import torch
from torch.testing import assert_close

from mmavf.models.layers.clip_attention import attend_by_clip


def plain(q, k, v):
    return torch.softmax(q @ k.mT * q.shape[-1] ** -0.5, dim=-1) @ v


def run(attend, inputs, shape):
    """Return the output and the gradients of a scalar that depends on every number of it."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = attend(*(x.unflatten(-1, shape).transpose(1, 2) for x in leaves))
    (out * torch.arange(out.numel()).view(out.shape).to(out.dtype).sin()).sum().backward()
    return [out, *(x.grad for x in leaves)]


def tokens(*counts, dtype, channels):
    torch.manual_seed(0)
    return [torch.randn(3, count, channels, dtype=dtype) for count in counts]


@pytest.mark.parametrize('keys', [7, 1])
def test_output_and_gradients_are_those_of_products_over_the_whole_batch(keys):
    inputs = tokens(5, keys, keys, dtype=torch.float64, channels=24)
    for ours, expected in zip(run(attend_by_clip, inputs, (2, 12)), run(plain, inputs, (2, 12)), strict=True):
        assert_close(ours, expected)


def test_in_bfloat16_it_is_as_exact_as_products_over_the_whole_batch():
    inputs = tokens(20, 30, 30, dtype=torch.bfloat16, channels=128)
    exact = run(plain, [x.double() for x in inputs], (2, 64))
    ours, products = run(attend_by_clip, inputs, (2, 64)), run(plain, inputs, (2, 64))
    for a, b, c in zip(ours, products, exact, strict=True):
        assert a.dtype == torch.bfloat16
        assert (a.double() - c).abs().max() <= 1.5 * (b.double() - c).abs().max()


def test_the_tokens_of_its_output_are_contiguous():
    q, k, v = (x.unflatten(-1, (2, 4)).transpose(1, 2) for x in tokens(5, 5, 5, dtype=torch.bfloat16, channels=8))
    assert attend_by_clip(q, k, v).transpose(1, 2).is_contiguous()


def test_it_agrees_with_numerical_derivatives():
    q, k, v = (x.unflatten(-1, (2, 2)).transpose(1, 2) for x in tokens(3, 4, 4, dtype=torch.float64, channels=4))
    assert torch.autograd.gradcheck(attend_by_clip, [x.requires_grad_() for x in (q, k, v)])
