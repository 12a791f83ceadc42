"""Which parameters decay."""

import pytest
from mmengine.registry import DefaultScope
from torch import nn

from mmavf.engine.optimizers import DecayOptimWrapperConstructor
from mmavf.errors import ConfigError


def build(model, **paramwise_cfg):
    optimizer = dict(type='AdamW', lr=0.1, weight_decay=0.05, fused=True)
    cfg = dict(type='GuardedOptimWrapper', dtype='float32', optimizer=optimizer)
    with DefaultScope.overwrite_default_scope('mmavf'):
        return DecayOptimWrapperConstructor(cfg, paramwise_cfg or dict(no_decay=[]))(model)


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
