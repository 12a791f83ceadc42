"""The order of training samples."""

import pytest

from mmavf.datasets.samplers import KeyedSampler, keyed_sampler
from mmavf.errors import ConfigError


def order(monkeypatch, ranks, length=23, round_to=1, epoch=0, first=0, **kwargs):
    """Keys of every rank in one epoch."""
    keys = []
    for rank in range(ranks):
        monkeypatch.setattr(keyed_sampler, 'get_dist_info', lambda rank=rank: (rank, ranks))
        sampler = KeyedSampler(range(length), seed=7, round_to=round_to, **kwargs)
        sampler.start_at(epoch, first)
        keys.append(list(sampler))
        assert len(sampler) - first == len(keys[-1])
    return keys


def test_ranks_share_an_order_and_together_use_each_sample_once(monkeypatch):
    (alone,) = order(monkeypatch, 1)
    assert sorted(key.index for key in alone) == list(range(23))
    assert [key.position for key in alone] == list(range(23))
    two = order(monkeypatch, 2)
    merged = [key for pair in zip(*two, strict=True) for key in pair]
    assert merged == alone[:22]


def test_a_global_batch_is_the_same_stretch_for_any_number_of_ranks(monkeypatch):
    for ranks, batch in ((1, 6), (2, 3), (3, 2)):
        keys = order(monkeypatch, ranks, round_to=batch)
        second = {key.position for rank_keys in keys for key in rank_keys[batch : 2 * batch]}
        assert second == set(range(6, 12))


def test_epochs_differ_and_repeat(monkeypatch):
    first, again, other = (order(monkeypatch, 1, epoch=epoch)[0] for epoch in (0, 0, 1))
    assert first == again
    assert [key.index for key in first] != [key.index for key in other]
    assert {key.epoch for key in other} == {1}


def test_entering_inside_an_epoch_gives_the_rest(monkeypatch):
    whole, rest = order(monkeypatch, 2, round_to=2)[1], order(monkeypatch, 2, round_to=2, first=4)[1]
    assert rest == whole[4:]


def test_left_over_is_less_than_a_step_and_changes(monkeypatch):
    sampler = KeyedSampler(range(23), seed=7, round_to=4)
    assert (len(sampler), sampler.left_over) == (20, 3)
    out = [set(range(23)) - {key.index for key in order(monkeypatch, 1, round_to=4, epoch=n)[0]} for n in range(2)]
    assert out[0] != out[1]


def test_without_shuffling_it_is_the_lists_order(monkeypatch):
    assert [key.index for key in order(monkeypatch, 1, epoch=3, shuffle=False)[0]] == list(range(23))


def test_a_list_shorter_than_a_step_is_an_error():
    with pytest.raises(ConfigError, match='has 3 samples, but one optimizer step takes 4'):
        KeyedSampler(range(3), seed=0, round_to=4)
