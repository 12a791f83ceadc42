"""tools/analysis_tools/benchmark.py: options that contradict each other, or would be ignored, are refused."""

import sys

import pytest

from mmavf.cli.program import run_program
from tests.helpers.models import ROOT

CONFIG = 'configs/demo/avfmae_tiny_pretrain.py'
ONE = ['--device', 'cpu', '--batch-size', '1', '--dtype', 'fp32']


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    monkeypatch.chdir(ROOT)
    import benchmark

    yield lambda *words: run_program('', benchmark.add_arguments, benchmark.run, words)
    del sys.modules['benchmark']


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--loader', '--against', 'HEAD'], '--loader and --against are measured by commands of their own'),
        ([CONFIG, '--against', 'HEAD', '--checkpointing'], '--against does not know --checkpointing'),
        ([CONFIG, '--against', 'HEAD', '--rounds', '0'], '--rounds must be at least 1'),
        (['/somewhere/else.py', '--against', 'HEAD'], '--against takes the config of either build'),
        ([CONFIG, *ONE, '--compile', 'NoBlock'], 'the model has no module of class NoBlock'),
    ],
)
def test_misuse_is_refused(words, message, benchmark, capsys):
    with pytest.raises(SystemExit) as end:
        benchmark(*words)
    assert end.value.code == 2 and message in capsys.readouterr().err
