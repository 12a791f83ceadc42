"""Speed of a fine-tuned model's forward pass by what computes it, in turn in one process, on the CPU.

    python tools/analysis_tools/benchmark.py configs/finetune/crema_d6/avfmae_b_crema_d6.py --engines --batch-size 1 4
    python tools/analysis_tools/benchmark.py models/crema_d --engines --batch-size 1 4 --dtype fp32

A pass is that of `mmavf predict` on a batch of windows, from bytes to probabilities. A ratio is the time of an engine
over that of the first one in the same round; figures are quartiles over the rounds. In bfloat16 the first one is
`autocast`, which casts the weights in every pass; `pytorch` holds them cast.
"""

import argparse
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from build_benchmark import DTYPES, quartiles
from build_worker import random_batch
from mmengine.config import Config
from torch import nn

from mmavf.apis.batch import run_batch
from mmavf.apis.inference.ready_model import engine_for, read_model
from mmavf.engine.config_file import load_config
from mmavf.engine.optimizers import has_bf16_units
from mmavf.models.complexity import input_sizes
from mmavf.structures import AVDataSample


def run(args: argparse.Namespace) -> None:
    """Print one JSON line per data type and batch size."""
    for name in args.dtype:
        if name == 'bf16' and not has_bf16_units('cpu'):
            print('this processor has no bfloat16 units: bf16 is left out', file=sys.stderr)
            continue
        folder = Path(args.config).is_dir()  # of a published model
        source = args.config if folder else load_config(args.config, args.cfg_options)
        models = engines(source, DTYPES[name])
        for batch_size in args.batch_size:
            about = dict(config=args.config, dtype=name, batch_size=batch_size, threads=torch.get_num_threads())
            about |= dict(rounds=args.rounds, load=round(os.getloadavg()[0], 1))
            print(json.dumps(about | compare(models, batch_size, args.rounds)), flush=True)


def engines(source: str | Config, precision: str) -> dict[str, nn.Module]:
    """Return what computes a model, by name; all with the same weights."""
    plain, held = (_read(source, precision) for _ in range(2))
    models = {'autocast': plain} if precision == 'bfloat16' else {}
    models['pytorch'] = engine_for(held, source)
    if find_spec('openvino') is None:
        print("OpenVINO is left out; it comes with pip install 'mmavf[openvino]'", file=sys.stderr)
    else:
        models['openvino'] = engine_for(plain, source, 'openvino')
    return models


def compare(models: dict[str, nn.Module], batch_size: int, rounds: int) -> dict:
    """Run the engines in turn, every other round in reverse order; return quartiles and the largest difference."""
    clips = random_batch(input_sizes(models['pytorch']), batch_size)
    scores = {}
    clocks = {'wall': time.perf_counter, 'cpu': time.process_time}
    seconds = {clock: np.zeros((rounds + 1, len(models))) for clock in clocks}
    for turn in range(rounds + 1):
        for side, (name, model) in list(enumerate(models.items()))[:: 1 if turn % 2 else -1]:
            start = {clock: read() for clock, read in clocks.items()}
            scores[name] = _scores(model, clips, batch_size)
            for clock, read in clocks.items():
                seconds[clock][turn, side] = read() - start[clock]
    return summary(list(models), {clock: values[1:] for clock, values in seconds.items()}) | dict(
        largest_difference=float(max(np.abs(found - scores['pytorch']).max() for found in scores.values()))
    )


def summary(names: list[str], seconds: dict[str, np.ndarray]) -> dict:
    """Return quartiles of the seconds of each engine, and of the ratios to the first one, by clock."""
    result = {}
    for clock, values in seconds.items():
        result[f'{clock}_s'] = {name: quartiles(values[:, side]) for side, name in enumerate(names)}
        ratios = {name: quartiles(values[:, side] / values[:, 0]) for side, name in enumerate(names) if side}
        result[f'{clock}_ratio'] = ratios
    return result


def _read(source: str | Config, precision: str) -> nn.Module:
    torch.manual_seed(0)
    return read_model(source, device='cpu', precision=precision)


def _scores(model: nn.Module, clips: dict, batch_size: int) -> np.ndarray:
    samples = run_batch(model, dict(clips, data_samples=[AVDataSample() for _ in range(batch_size)]))
    return np.stack([sample.get('pred_score', sample.get('pred_value')).numpy() for sample in samples])
