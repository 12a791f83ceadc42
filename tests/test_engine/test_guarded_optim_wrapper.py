"""One optimizer step against PyTorch written out by hand."""

import copy

import pytest
import torch
from torch import nn

from mmavf.engine.optimizers import GuardedOptimWrapper, guarded_optim_wrapper
from mmavf.errors import ConfigError


def make(dtype='float32', lr=0.1, **kwargs):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.05, fused=True)
    return model, GuardedOptimWrapper(optimizer, dtype=dtype, **kwargs)


def state(model, wrapper):
    """Weights and optimizer state as one flat list of tensors."""
    moments = [value.clone() for entry in wrapper.optimizer.state.values() for value in entry.values()]
    return [param.detach().clone() for param in model.parameters()] + moments


def same(one, other):
    return len(one) == len(other) and all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def train_step(model, wrapper, batch):
    with wrapper.optim_context(model):
        loss = (model(batch) ** 2).mean()
    wrapper.update_params(loss)


def test_steps_are_those_of_plain_adamw_with_clipping():
    model, wrapper = make(clip_grad=dict(max_norm=0.1, norm_type=2))  # as MMEngine's configs write it
    plain = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.1, weight_decay=0.05)
    for _ in range(3):
        batch = torch.randn(4, 6)
        train_step(model, wrapper, batch)
        optimizer.zero_grad()
        (plain(batch) ** 2).mean().backward()
        norm = torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
        optimizer.step()
        torch.testing.assert_close(wrapper.grad_norm, norm)
    for one, other in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_accumulated_batches_equal_one_large_batch():
    model, wrapper = make(accumulative_counts=3)
    large, large_wrapper = make()
    batch = torch.randn(6, 6)
    for part in batch.split(2):
        train_step(model, wrapper, part)
    train_step(large, large_wrapper, batch)
    for one, other in zip(model.parameters(), large.parameters(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_a_bad_gradient_changes_nothing(bad):
    model, wrapper = make(clip_grad=dict(max_norm=1.0), accumulative_counts=2)
    good, poison = torch.randn(4, 6), torch.full((4, 6), bad)
    for batch in (good, good):
        train_step(model, wrapper, batch)
    before = state(model, wrapper)
    for batch in (poison, good, good, poison):  # two steps, each with one bad half
        train_step(model, wrapper, batch)
    assert same(state(model, wrapper), before)
    assert (wrapper.skipped.item(), wrapper.skipped_in_row.item()) == (2, 2)
    for batch in (good, good):
        train_step(model, wrapper, batch)
    assert not same(state(model, wrapper), before)
    assert (wrapper.skipped.item(), wrapper.skipped_in_row.item()) == (2, 0)


def test_counters_are_saved():
    model, wrapper = make()
    train_step(model, wrapper, torch.full((4, 6), torch.nan))
    other_model, other = make()
    other.load_state_dict(copy.deepcopy(wrapper.state_dict()))
    assert (other.skipped.item(), other.skipped_in_row.item()) == (1, 1)


def test_bfloat16_autocasts_and_keeps_float32_weights(monkeypatch):
    monkeypatch.setattr(guarded_optim_wrapper, 'has_bf16_units', lambda device: True)
    model, wrapper = make(dtype='bfloat16')
    seen = []
    model[0].register_forward_hook(lambda module, args, out: seen.append(out.dtype))
    train_step(model, wrapper, torch.randn(4, 6))
    assert seen == [torch.bfloat16]
    assert {param.dtype for param in model.parameters()} == {torch.float32}


def test_without_bfloat16_units_it_warns_and_uses_float32(monkeypatch):
    monkeypatch.setattr(guarded_optim_wrapper, 'has_bf16_units', lambda device: False)
    warnings = []
    logger = type('Logger', (), dict(warning=lambda self, text: warnings.append(text)))()
    monkeypatch.setattr(guarded_optim_wrapper.MMLogger, 'get_current_instance', lambda: logger)
    model, wrapper = make(dtype='bfloat16')
    assert wrapper.dtype == 'float32'
    assert 'no bfloat16 units' in warnings[0]


def test_what_cannot_work_is_refused():
    optimizer = torch.optim.AdamW(nn.Linear(2, 2).parameters())
    with pytest.raises(ConfigError, match='fused=True'):
        GuardedOptimWrapper(optimizer, dtype='float32')
    with pytest.raises(ConfigError, match='float16'):
        make(dtype='float16')
    for clip_grad in (dict(max_norm=1.0, norm_type=1), dict(max_value=1.0), dict(max_norm=1.0, foreach=True)):
        with pytest.raises(ConfigError, match=r'clip_grad is dict\(max_norm=…\)'):
            make(clip_grad=clip_grad)
