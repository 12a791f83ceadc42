"""Speed of this checkout next to another commit of it, in turn, in two processes that are alive at the same time.

    python tools/analysis_tools/benchmark.py configs/avfmae_b_pretrain.py --against 98d4488 --batch-size 4 8

The other commit is checked out into a temporary folder. Both builds get the same weights, clips and random numbers; one
waits while the other computes. A step is a whole one, `train_step`: preparation of the batch, forward, loss, backward,
update. With `--forward` it is the forward pass of a fine-tuned model as in a test. A ratio is this build's time over
the other's in the same round, below 1 where this build is faster; figures are quartiles over the rounds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import torch
from mmengine.registry import init_default_scope

from mmavf.cli.program import UsageError
from mmavf.engine.config_file import load_config
from mmavf.models.complexity import input_sizes
from mmavf.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name('build_worker.py')
DTYPES = {'fp32': 'float32', 'bf16': 'bfloat16'}
CLOCKS = ('wall', 'cpu')


def run(args: argparse.Namespace) -> None:
    """Print one JSON line per batch size and data type.

    Raises:
        UsageError: An option has no meaning here, the config is not one of the builds, or there is no such commit.
    """
    given = [f'--{name}' for name in ('checkpointing', 'graph', 'compile') if getattr(args, name)]
    given += ['--float32-precision'] * (args.float32_precision != 'highest')
    if given:
        raise UsageError(f'--against does not know {", ".join(given)}')
    if args.rounds < 1:
        raise UsageError('--rounds must be at least 1')
    path = Path(args.config).resolve()
    if not path.is_relative_to(ROOT):
        raise UsageError(f'--against takes the config of either build: {args.config} is not in {ROOT}')
    config = load_config(args.config, args.cfg_options)
    init_default_scope('mmavf')
    with torch.device('meta'):
        sizes = input_sizes(MODELS.build(config.model))
    with checkout(args.against) as other:
        for batch_size in args.batch_size:
            for name in args.dtype:
                job = dict(
                    config=str(path.relative_to(ROOT)),
                    options=dict(args.cfg_options or {}),
                    forward=args.forward,
                    sizes=sizes,
                )
                job |= dict(batch_size=batch_size, dtype=DTYPES[name], threads=torch.get_num_threads())
                about = {key: job[key] for key in ('config', 'forward', 'batch_size', 'dtype', 'threads')}
                about |= dict(against=args.against, rounds=args.rounds)
                print(json.dumps(about | compare(job, (ROOT, other), args.rounds)), flush=True)


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Yield a temporary folder with the files of a commit.

    Raises:
        UsageError: There is no such commit, or no git.
    """
    with tempfile.TemporaryDirectory(prefix='mmavf-build-') as folder:
        packed = Path(folder, 'files.tar')
        command = ['git', '-C', str(ROOT), 'archive', '--output', str(packed), commit]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise UsageError('--against needs git') from error
        except subprocess.CalledProcessError as error:
            raise UsageError(f'--against {commit}: {error.stderr.strip()}') from error
        tree = Path(folder, 'tree')
        tree.mkdir()
        subprocess.run(['tar', '-xf', packed, '-C', tree], check=True)
        yield tree


def compare(job: dict, builds: tuple[Path, Path], rounds: int) -> dict:
    """Run both builds in turn, every other round in reverse order, and sum up what they answered."""
    answers: tuple[list[dict], list[dict]] = ([], [])
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='mmavf-weights-'))
        workers = []
        for side, build in enumerate(builds):
            own = job | dict(weights=f'{folder}/weights.pth', first=side == 0)
            workers.append(stack.enter_context(worker(build, own)))
            ask(workers[side])  # builds the model, and runs a step for warm-up
        for turn in range(rounds + 1):
            for side in (0, 1) if turn % 2 else (1, 0):
                answers[side].append(ask(workers[side]))
    return summary([side[1:] for side in answers])


@contextmanager
def worker(build: Path, job: dict, script: Path = WORKER) -> Iterator[subprocess.Popen]:
    """Start a process that runs steps of one build on demand, and end it."""
    command = [sys.executable, str(script), json.dumps(job)]
    environment = {**os.environ, 'PYTHONPATH': str(build)}
    with subprocess.Popen(
        command, cwd=build, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


def ask(process: subprocess.Popen) -> dict:
    """Have a worker run one step; return its answer.

    Raises:
        UsageError: It ended instead; why is on standard error.
    """
    process.stdin.write('\n')
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith('{'):  # MMEngine logs to standard output
            return json.loads(line)
    raise UsageError(f'the build in {process.args[1]} ended with status {process.wait()}, see above')


def summary(answers: list[list[dict]]) -> dict:
    """Return quartiles of the seconds of each build and of their ratio, losses, and peak memory in GiB."""
    result: dict = {}
    for clock in CLOCKS:
        seconds = np.array([[answer[clock] for answer in side] for side in answers])
        result[f'{clock}_s'] = [quartiles(row) for row in seconds]
        result[f'{clock}_ratio'] = quartiles(seconds[0] / seconds[1])
    losses = np.array([[answer['loss'] for answer in side] for side in answers])
    result['largest_difference_of_losses'] = float(np.abs(losses[0] - losses[1]).max())
    result['peak_gib'] = [round(side[-1]['peak_gib'], 3) for side in answers]
    return result


def quartiles(values: np.ndarray) -> list[float]:
    """Return the three quartiles, rounded."""
    return [round(float(value), 4) for value in np.percentile(values, (25, 50, 75))]
