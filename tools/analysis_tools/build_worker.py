"""Run steps of one build of the package, one for each line on standard input: a side of `benchmark.py --against`.

It uses only what every build has: MMEngine's interface, `mmavf.registry.MODELS` and the configs. So it is run as it
stands here with the package and the working folder of either build, whose environment it does not change.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import nn


def make_model(job: dict) -> tuple[nn.Module, Config]:
    """Build the model of the job's config; write its weights to the job's file, or read them from there."""
    config = Config.fromfile(job['config'])
    config.merge_from_dict(job['options'])
    import mmavf.models  # noqa: F401  (registers; of the build that PYTHONPATH names)
    from mmavf.registry import MODELS

    init_default_scope('mmavf')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    if job['first']:
        torch.save(model.state_dict(), job['weights'])
    else:
        model.load_state_dict(torch.load(job['weights'], weights_only=True))
    return model, config


def random_batch(sizes: dict[str, list[int]], batch_size: int) -> dict:
    """Return a batch as loaders give it: bytes (B, 1, T, H, W, 3) of video, float32 (B, 1, time, mel) of audio."""
    draw = torch.Generator().manual_seed(0)
    inputs = {}
    for modality, (channels, *size) in sizes.items():
        if modality == 'video':
            shape = (batch_size, 1, *size, channels)
            inputs[modality] = torch.randint(256, shape, dtype=torch.uint8, generator=draw)
        else:
            inputs[modality] = torch.randn((batch_size, 1, *size), generator=draw)
    return dict(inputs=inputs, data_samples=[None] * batch_size)


def make_step(job: dict) -> Callable[[], float]:
    """Return a function that runs one training step and returns its loss."""
    model, config = make_model(job)
    data = random_batch(job['sizes'], job['batch_size'])
    wrapper = build_optim_wrapper(model.train(), {**config.optim_wrapper, 'dtype': job['dtype']})

    def step() -> float:
        torch.manual_seed(1)  # the same masks
        return model.train_step(data, wrapper)['loss'].item()

    return step


def make_forward(job: dict) -> Callable[[], float]:
    """Return a function that runs one forward pass as a test does, and returns the mean size of its numbers."""
    model, _ = make_model(job)
    data = random_batch(job['sizes'], job['batch_size'])
    model.eval()

    @torch.no_grad()
    def forward() -> float:
        with torch.autocast('cpu', torch.bfloat16, enabled=job['dtype'] == 'bfloat16'):
            output = model(**model.data_preprocessor(data), mode='tensor')
        return float(output.logits.float().abs().mean())

    return forward


def main() -> None:
    """Answer each line with how long a step took, by the clock and of the processor, its loss, and the peak memory."""
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job['threads'])
    if find_spec('mmavf.engine.allocator'):  # as a run of this build does
        import_module('mmavf.engine.allocator').keep_freed_memory()
    step = (make_forward if job['forward'] else make_step)(job)
    for _ in sys.stdin:
        start, start_cpu = time.perf_counter(), time.process_time()
        loss = step()
        answer = dict(wall=time.perf_counter() - start, cpu=time.process_time() - start_cpu, loss=loss)
        answer['peak_gib'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        sys.stdout.write(json.dumps(answer) + '\n')
        sys.stdout.flush()


if __name__ == '__main__':
    main()
