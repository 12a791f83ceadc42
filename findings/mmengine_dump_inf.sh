#!/usr/bin/env bash
# MMEngine 0.10.7 writes a config with an infinite number so that it cannot be read again.
#
# One would expect Config.fromfile to read what Config.dump wrote: the runner stores the config in the work dir, and in each
# checkpoint, for exactly that. A file `*.py` writes float('inf') as `inf` and NaN as `nan`, which are no names of
# Python: reading it is a NameError. Written as json or yaml the same config comes back. Other unusual values survive in py:
# tuples, keys that are numbers, bytes, multi-line text.
#
# Why it matters here: torch's clipping takes norm_type=inf, and a patience or a limit that is never reached is often
# float('inf'). The training runs; only the test from its work dir, days later, fails. Use None or a large number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q mmengine==0.10.7 numpy==2.2.6 setuptools==80.10.2
cd "$folder"
env/bin/python -W ignore - <<'PY'
from mmengine.config import Config

clip = dict(max_norm=1.0, norm_type=float('inf'))
config = Config(dict(optim_wrapper=dict(clip_grad=clip), other=[(1, 2), {7: 'x'}, b'x', 'two\nlines', -0.0, None]))
outcome = {}
for suffix in ('py', 'json', 'yaml'):
    part = config if suffix == 'py' else Config(dict(optim_wrapper=config.optim_wrapper))
    part.dump(f'x.{suffix}')
    try:
        again = Config.fromfile(f'x.{suffix}')
        outcome[suffix] = again.optim_wrapper.clip_grad == clip
    except NameError as error:
        outcome[suffix] = str(error)
    print(f'mmengine 0.10.7: written and read again as .{suffix}: {outcome[suffix]}')
assert outcome == dict(py="name 'inf' is not defined", json=True, yaml=True), 'this changed'
config.optim_wrapper.clip_grad.norm_type = 2.0
config.dump('y.py')
assert Config.fromfile('y.py').to_dict() == config.to_dict()  # everything else comes back
PY
