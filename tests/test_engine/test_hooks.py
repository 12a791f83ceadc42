"""Hooks that need no training to be checked."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mmavf.engine import AtomicCheckpointHook, BadSamplesHook, CompileBlocksHook
from mmavf.engine.hooks.loss_curve_hook import draw_loss_curves, smooth
from mmavf.engine.hooks.throughput_hook import count_clips
from mmavf.engine.rng import get_rng_state, set_rng_state
from mmavf.errors import ConfigError


class Block(nn.Linear):
    """A class to be found by name."""


class RatedBlock(Block):
    """A block with a rate of its own, which its compiled graph holds as a constant."""

    def __init__(self, rate):
        super().__init__(4, 4)
        self.rate = rate

    def forward(self, x):
        return super().forward(x) * self.rate


def fake_runner(tmp_path, iteration=0, **kwargs):
    return SimpleNamespace(work_dir=str(tmp_path), iter=iteration, logger=logging.getLogger('test'), **kwargs)


def test_bad_samples_file_reaches_every_part_and_is_emptied_by_a_fresh_run_only(tmp_path):
    parts = [SimpleNamespace(), SimpleNamespace()]
    loader = SimpleNamespace(dataset=SimpleNamespace(datasets=[SimpleNamespace(datasets=parts)]))
    path = tmp_path / 'bad_samples.jsonl'
    line = '{"path": "nowhere.mp4", "audio": "", "modified": null}\n'
    path.write_text(line)
    BadSamplesHook().before_train(fake_runner(tmp_path, iteration=5, train_dataloader=loader))
    assert [part.bad_samples_file for part in parts] == [str(path)] * 2
    assert path.read_text() == line
    BadSamplesHook().before_train(fake_runner(tmp_path, train_dataloader=loader))
    assert path.read_text() == ''


def test_samples_are_counted_where_there_is_no_video():
    assert count_clips(dict(inputs=dict(audio=torch.zeros(3, 1, 4, 4)), data_samples=[None] * 3)) == 3


def test_keeping_no_checkpoint_of_an_iteration_is_refused():
    with pytest.raises(ConfigError, match='keep_iter must be 1 or more'):
        AtomicCheckpointHook(iter_interval=4, keep_iter=0)


def test_compiled_blocks_keep_names_and_are_found_by_class(tmp_path):
    model = nn.Sequential(Block(2, 2), nn.ReLU(), Block(2, 2))
    names = list(model.state_dict())
    CompileBlocksHook(['Block']).before_train(fake_runner(tmp_path, model=model))
    assert list(model.state_dict()) == names
    assert [module._compiled_call_impl is not None for module in model] == [True, False, True]
    with pytest.raises(ConfigError, match='no module of class Blok'):
        CompileBlocksHook(['Blok']).before_train(fake_runner(tmp_path, model=model))


@pytest.mark.slow
def test_compiled_blocks_compute_the_same(tmp_path):
    model = nn.Sequential(Block(4, 4), nn.GELU(), Block(4, 4))
    batch = torch.randn(3, 4)
    expected = model(batch)
    CompileBlocksHook(['Block']).before_train(fake_runner(tmp_path, model=model))
    torch.testing.assert_close(model(batch), expected)


@pytest.mark.slow
def test_more_variants_than_pytorch_allows_by_default_are_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(torch._dynamo.config, 'cache_size_limit', 2)
    torch._dynamo.reset()
    model = nn.Sequential(*(RatedBlock(rate) for rate in (0.1, 0.2, 0.3, 0.4)))
    CompileBlocksHook(['RatedBlock']).before_train(fake_runner(tmp_path, model=model))
    compiled = torch._dynamo.utils.counters['stats']
    before = compiled['unique_graphs']
    model(torch.randn(3, 4))
    assert compiled['unique_graphs'] - before == len(model)


@pytest.mark.parametrize('length', [1, 2, 7])
def test_smoothing_is_the_mean_of_the_neighbours(length):
    values = np.random.default_rng(0).standard_normal(length)
    values[length // 2] = np.nan if length > 2 else values[length // 2]
    slow = [np.nanmean(values[max(0, i - 1) : i + 2]) for i in range(length)]
    np.testing.assert_allclose(smooth(values, 3), slow)


def test_loss_curve_shows_each_term(tmp_path):
    iters = np.arange(1, 101)
    path = tmp_path / 'curve.png'
    sizes = []
    for names in (['loss'], ['loss', 'loss_video', 'loss_audio']):
        draw_loss_curves({name: (iters, np.exp(-iters / 40)) for name in names}, path)
        picture = np.asarray(Image.open(path).convert('RGB'))
        sizes.append(picture.shape[1])
        blue = (picture[..., 2] > 150) & (picture[..., 0] < 80)
        assert blue.sum() > 300 * len(names)
    assert sizes[1] == 3 * sizes[0]


def test_random_states_come_back():
    import random

    state = get_rng_state()
    drawn = [random.random(), np.random.standard_normal(), torch.rand(1).item()]
    set_rng_state(state)
    assert [random.random(), np.random.standard_normal(), torch.rand(1).item()] == drawn
