import pytest
import torch
from torch import nn
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from mmavf.models.layers import CrossAttention, ViTBlock, step_weights


class Names(TorchDispatchMode):
    """Keep the names of the operations that are dispatched."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.seen.append(function.overloadpacket.__name__)
        return function(*args, **(kwargs or {}))


def parameters():
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(rows, 3)) for rows in (2, 4)] + [nn.Parameter(torch.randn(5))]


def test_without_autocast_a_group_of_one_is_the_parameter_itself():
    first, second, bias = parameters()
    joined, alone = step_weights([first, second], [bias])
    assert alone is bias
    assert torch.equal(joined, torch.cat((first, second)))


def test_under_autocast_values_and_gradients_are_those_of_cast_and_cat():
    ours, plain = parameters(), parameters()
    with torch.autocast('cpu', torch.bfloat16):
        results = step_weights(ours[:2], ours[2:])
    expected = torch.cat(plain[:2]).bfloat16(), plain[2].bfloat16()
    for result, other in zip(results, expected, strict=True):
        assert result.dtype == torch.bfloat16 and torch.equal(result, other)
        other.sin().sum().backward()
    sum(result.sin().sum() for result in results).backward()
    for a, b in zip(ours, plain, strict=True):
        assert a.grad.dtype == torch.float32 and torch.equal(a.grad, b.grad)


def test_tokens_are_cast_with_the_weights_and_get_gradients_of_their_own_precision():
    weight, (x, y) = nn.Parameter(torch.randn(2, 3)), torch.randn(2, 4, 5, 3, requires_grad=True)
    y = y.bfloat16()  # as another part of a model may return it
    y.retain_grad()
    with torch.autocast('cpu', torch.bfloat16), Names() as names:
        *_, first, second = step_weights([weight], tokens=(x, y))
        (first.sin() + second.cos()).sum().backward()
    assert names.seen.count('_foreach_copy_') == 2 and '_to_copy' not in names.seen[: names.seen.index('sin')]
    assert first.dtype == second.dtype == torch.bfloat16
    assert torch.equal(first, x.bfloat16()) and torch.equal(second, y)
    assert y.grad.dtype == torch.bfloat16 and torch.equal(y.grad, -y.detach().sin())
    assert weight.grad is None  # as nothing depends on it


def test_weights_that_are_not_trained_need_no_gradient_beside_tokens_that_do():
    weight, x = nn.Parameter(torch.ones(2, 3), requires_grad=False), torch.ones(4, 3, requires_grad=True)
    with torch.autocast('cpu', torch.bfloat16):
        low, tokens = step_weights([weight], tokens=(x,))
    assert not low.requires_grad and tokens.requires_grad
    (tokens @ low.T).sum().backward()
    assert torch.equal(x.grad, torch.full((4, 3), 2.0))


def test_without_autocast_tokens_are_what_they_were():
    weight, x = nn.Parameter(torch.ones(2)), torch.ones(3)
    assert step_weights([weight], tokens=(x,))[1] is x


def test_a_constant_of_a_group_gets_no_gradient():
    weight, constant = nn.Parameter(torch.ones(2)), torch.zeros(3)
    with torch.autocast('cpu', torch.bfloat16):
        (joined,) = step_weights([weight, constant])
    joined.sum().backward()
    assert torch.equal(joined.detach(), torch.tensor([1, 1, 0, 0, 0], dtype=torch.bfloat16))
    assert torch.equal(weight.grad, torch.ones(2)) and constant.grad is None


@pytest.mark.parametrize('with_context', [False, True])
def test_an_attention_under_autocast_equals_that_of_weights_cast_one_by_one(with_context):
    torch.manual_seed(0)
    attn, x = CrossAttention(16, 2), torch.randn(2, 5, 16)
    context = torch.randn(2, 3, 16) if with_context else None
    for bias in (attn.q_bias, attn.v_bias):
        nn.init.normal_(bias)
    exact = attn(x, context)
    with torch.autocast('cpu', torch.bfloat16):
        result = attn(x, context)
    assert result.dtype == torch.bfloat16
    assert_close(result.float(), exact, atol=0.03, rtol=0.03)


def test_a_block_under_autocast_casts_its_weights_by_one_operation_a_part_and_direction():
    block, x = ViTBlock(16, 2), torch.randn(2, 5, 16)
    with Names() as names, torch.autocast('cpu', torch.bfloat16):
        block(x).sum().backward()
    assert names.seen.count('_foreach_copy_') == 4  # attention and FFN, forward and backward
    # of each part the gradient that its branch gets; no weight, and not what its norm gives
    assert names.seen.count('_to_copy') == 2


def test_without_gradients_the_fused_attention_computes_in_bfloat16_too():
    block, x = ViTBlock(16, 2).eval(), torch.randn(2, 5, 16)
    with torch.autocast('cpu', torch.bfloat16):
        trained = block(x)
        with torch.no_grad(), Names() as names:
            result = block(x)
    assert any('flash_attention' in name for name in names.seen)
    assert_close(result, trained.detach(), atol=0.03, rtol=0.03)


def test_a_step_with_compiled_casts_equals_the_eager_one():
    eager, compiled = ViTBlock(16, 4), ViTBlock(16, 4)  # whose softmax is scaled without rounding
    compiled.load_state_dict(eager.state_dict())
    compiled.compile(backend='aot_eager', fullgraph=True)
    x = torch.randn(2, 5, 16)
    for block in (eager, compiled):
        with torch.autocast('cpu', torch.bfloat16):
            block(x).square().sum().backward()
    for a, b in zip(eager.parameters(), compiled.parameters(), strict=True):
        assert_close(a.grad, b.grad)
