"""Hooks that need no training to be checked."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.engine import AtomicCheckpointHook, BadSamplesHook
from mmavf.engine.hooks.throughput_hook import count_clips
from mmavf.engine.rng import get_rng_state, set_rng_state
from mmavf.errors import ConfigError


def fake_runner(tmp_path, iteration=0, **kwargs):
    return SimpleNamespace(work_dir=str(tmp_path), iter=iteration, logger=logging.getLogger('test'), **kwargs)


def test_bad_samples_file_reaches_every_part_and_is_emptied_by_a_fresh_run_only(tmp_path):
    parts = [AVClipDataset(f'{name}.csv', lazy_init=True) for name in 'ab']
    loader = SimpleNamespace(dataset=ConcatClipDataset(parts, lazy_init=True))
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


def test_random_states_come_back():
    import random

    state = get_rng_state()
    drawn = [random.random(), np.random.standard_normal(), torch.rand(1).item()]
    set_rng_state(state)
    assert [random.random(), np.random.standard_normal(), torch.rand(1).item()] == drawn
