#!/usr/bin/env bash
# MMEngine 0.10.7 formats the whole config by yapf each time it saves a checkpoint; of a small model that is nearly all of
# the work.
#
# The arguments of save_checkpoint speak of optimizer, schedulers and meta data. One would expect the cost of saving to be
# that of writing tensors, and the text of the config, which does not change, to be made once. It is made anew for the meta
# data of every checkpoint: with a config of 20 transforms, 1.5 of 2.0 million Python calls of a save are in yapf,
# and those in torch are below 5 %.
#
# Why it matters here: small models are saved each epoch, and an epoch of a few hundred clips may take less time than
# the formatting. On the main process all others wait for it. Measured as calls, which do not depend on the machine.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q mmengine==0.10.7 torch==2.11.0 numpy==2.2.6 setuptools==80.10.2 yapf==0.43.0
cd "$folder"
env/bin/python -W ignore - <<'PY'
import cProfile
import pstats

import mmengine.config.config as config_module
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x, mode='tensor'):
        return dict(loss=self.layer(torch.stack(list(x))).sum())


formatted = 0
format_code = config_module.FormatCode


def counted(*args, **kwargs):
    global formatted
    formatted += 1
    return format_code(*args, **kwargs)


config_module.FormatCode = counted
transforms = [dict(type='Transform', size=(1, 2), options=[dict(index=i, text='x' * 20) for i in range(5)]) for _ in range(20)]
runner = Runner(
    model=Model(),
    work_dir='work',
    train_dataloader=dict(dataset=[dict(x=torch.ones(2))] * 4, sampler=dict(type='DefaultSampler'), batch_size=2),
    train_cfg=dict(by_epoch=True, max_epochs=1),
    optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
    default_hooks=dict(checkpoint=None),
    cfg=Config(dict(pipeline=transforms)),
    log_level='ERROR',
)
runner.train()
before = formatted
for number in range(3):
    runner.save_checkpoint('work', f'{number}.pth', save_param_scheduler=False)
in_three = formatted - before
profile = cProfile.Profile()
profile.enable()
runner.save_checkpoint('work', 'x.pth', save_param_scheduler=False)
profile.disable()
stats = pstats.Stats(profile)
in_yapf = sum(calls for (file, _, _), (_, calls, *_) in stats.stats.items() if 'yapf' in file)
in_torch = sum(calls for (file, _, _), (_, calls, *_) in stats.stats.items() if 'torch' in file)
print(f'mmengine 0.10.7: three saves format the config {in_three} times')
print(f'one save: {stats.total_calls:,} calls, {in_yapf:,} of them in yapf, {in_torch:,} in torch')
assert in_three == 3 and in_yapf > 0.6 * stats.total_calls and in_torch < 0.05 * stats.total_calls, 'this changed'
PY
