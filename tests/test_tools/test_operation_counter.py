import pytest
import torch
from mmengine.config import Config

from tests.helpers.train import ROOT


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    import operation_counter

    return operation_counter


def test_views_and_allocations_are_dispatched_but_are_no_kernels(tool):
    with tool.OperationCounter() as counter:
        x = torch.empty(2, 3)
        y = x.t().reshape(3, 2)
        (y @ x).relu_()
    assert counter.kernels == {'mm': 1, 'relu_': 1}
    assert counter.counts['empty'] == 1 and counter.counts['t'] == 1


def kernels_and_all(tool, size):
    counter = tool.count_step(Config.fromfile(ROOT / f'configs/{size}_pretrain.py'))
    return counter.kernels.total(), counter.counts.total()


def test_a_step_of_the_demo_model_stays_within_its_operations(tool):
    kernels, dispatched = kernels_and_all(tool, 'demo/avfmae_tiny')
    assert kernels <= 2100 and dispatched <= 6700


@pytest.mark.slow
def test_a_step_of_huge_stays_within_its_operations(tool):
    """Before weights were cast together it was 7,927 kernels."""
    kernels, dispatched = kernels_and_all(tool, 'avfmae_h')
    assert kernels <= 4800 and dispatched <= 17450
