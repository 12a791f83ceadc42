"""The figures of docs/scale.md are the arithmetic, as its text says it, of the measured steps and of the parameters."""

import json

import pytest

from tests.helpers.models import ROOT

H200 = json.loads((ROOT / 'docs/figures/h200.json').read_text(encoding='utf-8'))
FACTS = dict(
    zip(('parameters', 'blocks', 'clips', 'ms', 'clips_per_second', 'gradients_gb'), H200['scale_steps'], strict=True)
)
MEASURED = dict(zip(('base', 'large', 'huge'), H200['gpu_step'], strict=True))


def sent_gb(size, processes):
    """By each process, to leave the sum of the float32 gradients on all."""
    return 2 * 4 * FACTS['parameters'][size] / 1000 * (processes - 1) / processes


def shown(value, digits=2):
    """A number as the page has it: rounded, after a calculation with parameters that were not."""
    return pytest.approx(value, abs=0.55 * 10**-digits)


@pytest.mark.parametrize('size', MEASURED)
def test_steps_are_those_measured(size):
    step = MEASURED[size]
    assert FACTS['clips'][size] == step['batch_size'] and FACTS['ms'][size] == 1000 * step['seconds_per_step']
    assert FACTS['clips_per_second'][size] == step['clips_per_second']
    assert FACTS['gradients_gb'][size] == shown(4 * FACTS['parameters'][size] / 1000)
    assert H200['scale_memory'][-1][size] == step['peak_memory_gib']


@pytest.mark.parametrize('row', H200['scale_traffic'], ids=lambda row: str(row['processes']))
def test_traffic_of_a_step(row):
    processes = row['processes']
    for size in MEASURED:
        assert row[size] == shown(sent_gb(size, processes))
    if processes == 1:
        return
    blocks, whole = FACTS['blocks']['huge'], FACTS['parameters']['huge']
    # bytes per parameter in a block, and how often a block is gathered
    for key, width, times in (('float32', 4, 2), ('bfloat16', 2, 2), ('kept', 2, 1)):
        gathered = width * times * blocks + 4 * (whole - blocks)
        assert row[f'shards_{key}'] == shown((gathered + 4 * whole) / 1000 * (processes - 1) / processes)


@pytest.mark.parametrize('size', MEASURED)
def test_networks_that_hide_the_sum(size):
    step_sec = MEASURED[size]['seconds_per_step']
    for row in H200['scale_network']:
        gpus = int(row['gpus'].split()[0])
        assert row[size] == shown(sent_gb(size, gpus) / (step_sec / 2), 0)
    for row in H200['scale_machines']:
        seconds, share = row[size]
        took = max(step_sec, step_sec / 2 + 8 * sent_gb(size, 64) / row['gbit_per_s'])
        assert (seconds, share) == (shown(took), shown(step_sec / took))


@pytest.mark.parametrize('size', MEASURED)
def test_memory_of_weights_gradients_and_moments(size):
    ddp, *shards = (row[size] for row in H200['scale_memory'][:-1])
    parameters, outside = FACTS['parameters'][size] / 1000, (FACTS['parameters'][size] - FACTS['blocks'][size]) / 1000
    assert ddp == shown(16 * parameters, 1)
    for gpus, value in zip((2, 8, 64), shards, strict=True):
        without_blocks = 16 * parameters / gpus + 4 * outside
        assert without_blocks - 0.05 < value < without_blocks + 0.25  # two blocks of at most 30 M, and gradients of one


@pytest.mark.parametrize('row', H200['scale_cores'], ids=lambda row: row['media'])
def test_cores_that_a_gpu_keeps_busy(row):
    per_core = [int(word) for word in str(row['clips_per_second']).split(' to ')]
    for size, step in MEASURED.items():
        cores = [round(step['clips_per_second'] / rate) for rate in reversed(per_core)]
        assert str(row[size]) == ' to '.join(map(str, cores))
