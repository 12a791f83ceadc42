#!/usr/bin/env bash
# MMEngine 0.10.7: merge_from_dict takes _delete_ out of the overrides that it is given.
#
# One would expect the same overrides, merged into two equal configs, to give two equal configs. `_delete_=True` says that
# a section is replaced rather than merged; for a section at the top, merge_from_dict removes that key from the caller's
# own dictionary, so that the second config is merged: it keeps the old options beside the new type. A section named
# with a dot, such as head.loss, is copied on the way and keeps its key.
#
# Why it matters here: the overrides of a variant are applied to the config of every fold and seed. The first fold would
# train another model than the others, without a word. Give each config a deep copy of the overrides.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q mmengine==0.10.7 numpy==2.2.6 setuptools==80.10.2
"$folder/env/bin/python" -W ignore - <<'PY'
from mmengine.config import Config


def make():
    return Config(dict(model=dict(type='A', width=1), head=dict(loss=dict(type='K', weight=2))))


overrides = {'model': dict(_delete_=True, type='B'), 'head.loss': dict(_delete_=True, type='L')}
first, second = make(), make()
for name, config in (('first', first), ('second', second)):
    config.merge_from_dict(overrides)
    print(f'mmengine 0.10.7: {name} config: model={config.model} head.loss={config.head.loss}')
print(f'mmengine 0.10.7: overrides afterwards: {overrides}')
assert first.model == dict(type='B') and second.model == dict(type='B', width=1)
assert first.head.loss == second.head.loss == dict(type='L')
assert '_delete_' not in overrides['model'] and '_delete_' in overrides['head.loss']
PY
