"""Speed of a training step: forward, loss, backward and, if asked for, the update, on random clips."""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from mmavf.cli.program import UsageError
from mmavf.engine.allocator import keep_freed_memory
from mmavf.engine.config_file import load_config
from mmavf.engine.graphed_losses import GraphedLosses
from mmavf.engine.hooks.cuda_graph_hook import check_graphable
from mmavf.models.complexity import count_flops, input_sizes
from mmavf.registry import MODELS

DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16}


def run(args: argparse.Namespace) -> None:
    """Measure and print one JSON line per data type, batch size and variant.

    Raises:
        UsageError: Arguments do not go together.
    """
    args.device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    if args.graph and torch.device(args.device).type != 'cuda':
        raise UsageError('--graph needs a GPU')
    if args.compile and len(args.dtype) * len(args.batch_size) > 1:
        raise UsageError('--compile needs exactly one --dtype and one --batch-size')
    print_speed(args)


def seconds(run: Callable[[], object], steps: int, warm_up: int, device: torch.device) -> list[float]:
    """Return the durations of `steps` calls in seconds; on a GPU each call is waited for."""
    durations = []
    for index in range(warm_up + steps):
        start = time.perf_counter()
        run()
        if device.type == 'cuda':
            torch.cuda.synchronize(device)
        if index >= warm_up:
            durations.append(time.perf_counter() - start)
    return durations


def matrix_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Return the device's rate for large square matrix products, in FLOP/s: the best of several sizes."""
    best = 0.0
    for size in (2048, 4096) if device.type == 'cpu' else (4096, 8192):
        a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
        best = max(best, 2 * size**3 / min(seconds(lambda a=a, b=b: a @ b, 6, 2, device)))
    return best


def make_step(model: nn.Module, inputs: dict, dtype: torch.dtype, optimizer: torch.optim.Optimizer | None) -> Callable:
    """Return a function that runs one training step."""
    device = next(model.parameters()).device

    def step() -> None:
        """Run one step."""
        with torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
            loss = sum(model(inputs, mode='loss').values())
        loss.backward()
        if optimizer is not None:
            optimizer.step()
        model.zero_grad(set_to_none=True)

    return step


def peak_memory_gib(device: torch.device) -> float:
    """Return the peak memory so far: of the device's allocator, or of the process on a CPU."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure(
    step: Callable, batch_size: int, clip_flops: int, dtype: torch.dtype, device: torch.device, steps: int
) -> dict[str, float]:
    """Run steps; return their speed, the device's matrix rate next to them, and the peak memory."""
    before = matrix_rate(dtype, device)
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(device)
    duration = statistics.median(seconds(step, steps, 2, device))
    memory = peak_memory_gib(device)
    full_rate = (before + matrix_rate(dtype, device)) / 2
    rate = clip_flops * batch_size / duration
    return dict(
        seconds_per_step=round(duration, 4),
        clips_per_second=round(batch_size / duration, 3),
        tflops=round(rate / 1e12, 4),
        matrix_tflops=round(full_rate / 1e12, 4),
        share_of_matrix_rate=round(rate / full_rate, 3),
        peak_memory_gib=round(memory, 2),
    )


def variants(model: Any, graph: bool, blocks: Sequence[str]) -> Iterator[str]:
    """Yield the name of each variant to measure, while the model is in that state."""
    yield 'plain'
    if graph:
        check_graphable(model)
        model.masked_losses = GraphedLosses(model)
        yield 'graphed'
        del model.masked_losses
    if blocks:
        for module in model.modules():
            if type(module).__name__ in blocks:
                module.compile(dynamic=False)
        yield 'compiled'


def build_model(args: argparse.Namespace) -> nn.Module:
    """Build the configured model, on the CPU."""
    config = load_config(args.config, args.cfg_options)
    if args.checkpointing:
        for part in encoders_and_decoders(config.model):
            part.get('member', part).with_cp = True
    init_default_scope('mmavf')
    return MODELS.build(config.model)


def encoders_and_decoders(model: Config) -> Iterator[Config]:
    """Yield the configs of a model's encoders and decoders, whether by modality or by name."""
    for name, part in model.items():
        if name in ('encoders', 'decoders'):
            yield from part.values()
        elif part is not None and name.endswith(('_encoder', '_decoder')):
            yield part


def print_speed(args: argparse.Namespace) -> None:
    """Measure and print one JSON line per data type, batch size and variant."""
    torch.manual_seed(0)
    device = torch.device(args.device)
    keep_freed_memory()  # as a run does
    torch.set_float32_matmul_precision(args.float32_precision)
    model = build_model(args)
    known = {type(module).__name__ for module in model.modules()}
    if unknown := set(args.compile) - known:
        raise UsageError(f'--compile: the model has no module of class {", ".join(sorted(unknown))}')
    sizes = input_sizes(model)
    clip_flops = 3 * count_flops(model)['']
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True) if args.optimizer else None
    for batch_size in args.batch_size:
        inputs = {m: torch.randn(batch_size, *size, device=device) for m, size in sizes.items()}
        for name in args.dtype:
            step = make_step(model, inputs, DTYPES[name], optimizer)
            about = dict(
                config=args.config,
                device=torch.cuda.get_device_name(device) if device.type == 'cuda' else 'cpu',
                threads=torch.get_num_threads(),
                dtype=name,
                batch_size=batch_size,
            )
            for variant in variants(model, args.graph, args.compile):
                result = measure(step, batch_size, clip_flops, DTYPES[name], device, args.steps)
                print(json.dumps(about | dict(variant=variant) | result), flush=True)
