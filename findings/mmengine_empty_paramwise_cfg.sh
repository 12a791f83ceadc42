#!/usr/bin/env bash
# MMEngine 0.10.7: a custom optimizer constructor decides nothing unless paramwise_cfg has an entry.
#
# One would expect the class named by `constructor=` to put the parameters into groups, as its `add_params` says. It is asked
# only where paramwise_cfg is not empty. Without that section, or with `paramwise_cfg=dict()`, every parameter gets
# the global rate and weight decay, the class's own rules do not run, and nothing is logged. An entry that changes nothing
# (`bypass_duplicate=False`, the default) brings them back.
#
# Why it matters here: layer-wise rates and "no decay for biases and norms" live in such classes. A config that drops its
# empty paramwise_cfg trains by other rules and cannot resume from its own checkpoints, because the groups differ.
# Override __call__, or make sure of an entry in __init__, as DecayOptimWrapperConstructor does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q mmengine==0.10.7 torch==2.11.0 numpy==2.2.6 setuptools==80.10.2
"$folder/env/bin/python" -W ignore - <<'PY'
from mmengine.optim import DefaultOptimWrapperConstructor, build_optim_wrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class NoDecayOfVectors(DefaultOptimWrapperConstructor):
    def add_params(self, params, module, **kwargs):
        for parameter in module.parameters():
            params.append(dict(params=[parameter], weight_decay=0.5 if parameter.ndim > 1 else 0.0))


def decays(**section):
    optimizer = dict(type='AdamW', lr=1e-3, weight_decay=0.5)
    wrapper = build_optim_wrapper(nn.Linear(3, 2), dict(optimizer=optimizer, constructor='NoDecayOfVectors', **section))
    return {tuple(p.shape): group['weight_decay'] for group in wrapper.optimizer.param_groups for p in group['params']}


seen = {}
for name, section in (
    ('no paramwise_cfg', {}),
    ('paramwise_cfg=dict()', dict(paramwise_cfg=dict())),
    ('bypass_duplicate=False', dict(paramwise_cfg=dict(bypass_duplicate=False))),
):
    seen[name] = decays(**section)
    print(f'mmengine 0.10.7, {name}: weight decay by shape {seen[name]}')
assert seen['no paramwise_cfg'] == seen['paramwise_cfg=dict()'] == {(2, 3): 0.5, (2,): 0.5}
assert seen['bypass_duplicate=False'] == {(2, 3): 0.5, (2,): 0.0}
PY
