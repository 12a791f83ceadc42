#!/usr/bin/env bash
# PyTorch 2.11: gradients through torch.distributed.nn.functional.all_gather land in other places if they are not contiguous.
#
# One would expect a gradient to be its values, whatever its strides: that of a sum over ranks is the sum. On gloo the
# backward pass reduces into memory without regard to strides. A gradient of shape (2, 3) that is stored by columns comes back
# with its six values in other places. Nothing is raised, the sum over all values is right, and whether it happens depends on
# what autograd did after gathering: `own @ part.mT` of batched matrices is enough. (Of broadcast, reduce and scatter on gloo
# the like is reported as issue 192920.)
#
# Why it matters here: contrastive losses between modalities compare each clip with those of all ranks, and are written as
# such products. A training on two processes without a GPU learns from wrong gradients. Let the gradient be contiguous
# (`part @ own.mT`, and transpose the scores), and compare two ranks with one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q torch==2.11.0 numpy==2.2.6
cd "$folder"
cat > ranks.py <<'PY'
import os

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.nn.functional import all_gather


def run(rank):
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT='29511', GLOO_SOCKET_IFNAME='lo')
    dist.init_process_group('gloo', rank=rank, world_size=2)
    gradient = torch.arange(1.0, 7.0).reshape(2, 3)
    by_columns = gradient.T.contiguous().T
    assert torch.equal(gradient, by_columns) and by_columns.stride() == (1, 2)
    found = {}
    for name, upstream in (('by rows', gradient), ('by columns', by_columns)):
        x = torch.zeros(2, 3, requires_grad=True)
        torch.autograd.backward(all_gather(x), [upstream, upstream])  # both ranks have the same: twice the gradient
        found[name] = x.grad
    torch.manual_seed(0)
    whole = torch.randn(2, 2, 4, 3, dtype=torch.float64)  # of both ranks, two layers each
    weights = torch.randn(2, 2, 4, 8, dtype=torch.float64)
    own = whole[rank]
    for name in ('own @ part.mT', '(part @ own.mT).mT'):
        x = own.clone().requires_grad_()
        parts = all_gather(x)
        scores = [own @ part.mT if name.startswith('own') else (part @ own.mT).mT for part in parts]
        (torch.cat(scores, dim=2) * weights[rank]).sum().backward()
        expected = sum(weights[other].mT @ whole[other] for other in range(2))[:, 4 * rank : 4 * rank + 4]
        found[name] = (x.grad - expected).abs().max().item()
    if rank == 0:
        print('torch', torch.__version__, 'on gloo, two processes, gradient', gradient.tolist())
        for name, value in found.items():
            print(f'{name}:', value.tolist() if isinstance(value, torch.Tensor) else f'largest error {value:.2g}')
        assert torch.equal(found['by rows'], 2 * gradient)
        misplaced = gradient.reshape(3, 2).T  # values in the order of the rows, put down by columns
        assert torch.equal(found['by columns'], 2 * misplaced), 'this changed'
        assert found['own @ part.mT'] > 0.1 and found['(part @ own.mT).mT'] < 1e-9, 'this changed'
    dist.destroy_process_group()


if __name__ == '__main__':
    mp.spawn(run, nprocs=2)
PY
env/bin/python -W ignore ranks.py
