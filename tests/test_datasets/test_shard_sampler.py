"""ShardShuffleSampler: every clip once, few shards at a time, and everything else as KeyedSampler does it."""

import numpy as np
import pytest

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.samplers import ShardShuffleSampler, keyed_sampler
from mmavf.errors import ConfigError
from mmavf.preparation.packs.shards import write_shard
from mmavf.registry import DATA_SAMPLERS

from ..helpers.media import counted_frames, write_folder, write_list

SIZES = (7, 12, 3, 9, 10, 1, 8, 10)


class Shards:
    """Clips of 8 shards, in a random order in the list."""

    shards = np.random.default_rng(3).permutation(np.repeat(np.arange(8), SIZES))

    def __len__(self):
        return len(self.shards)

    def shard_indices(self):
        return self.shards


def ranks_keys(monkeypatch, ranks, epoch=0, first=0, **options):
    keys = []
    for rank in range(ranks):
        monkeypatch.setattr(keyed_sampler, 'get_dist_info', lambda rank=rank: (rank, ranks))
        config = dict(type='ShardShuffleSampler', dataset=Shards(), seed=5, open_shards=3) | options
        sampler = DATA_SAMPLERS.build(config)
        sampler.start_at(epoch, first)
        keys.append(list(sampler))
    return keys


def most_open(shards):
    """The largest number of shards of which some clips have come and others are still to come."""
    first = {shard: place for place, shard in reversed(list(enumerate(shards)))}
    last = {shard: place for place, shard in enumerate(shards)}
    return max(sum(first[s] <= place <= last[s] for s in first) for place in range(len(shards)))


@pytest.mark.parametrize('epoch', range(3))
def test_an_epoch_holds_every_clip_once(monkeypatch, epoch):
    (keys,) = ranks_keys(monkeypatch, 1, epoch)
    assert sorted(key.index for key in keys) == list(range(60))
    assert [key.position for key in keys] == list(range(60))


@pytest.mark.parametrize('ranks', [1, 2, 3])
def test_ranks_are_disjoint_and_together_complete(monkeypatch, ranks):
    keys = ranks_keys(monkeypatch, ranks)
    assert len({len(own) for own in keys}) == 1
    assert sorted(key.index for own in keys for key in own) == list(range(60))
    assert [key for together in zip(*keys, strict=True) for key in together] == ranks_keys(monkeypatch, 1)[0]


@pytest.mark.parametrize('open_shards', [1, 3, 8])
def test_few_shards_are_open_at_a_time(monkeypatch, open_shards):
    for epoch in range(5):
        for own in ranks_keys(monkeypatch, 2, epoch, open_shards=open_shards):
            assert most_open([Shards.shards[key.index] for key in own]) <= open_shards


def test_clips_and_shards_are_shuffled_anew_in_each_epoch(monkeypatch):
    orders = [[key.index for key in ranks_keys(monkeypatch, 1, epoch)[0]] for epoch in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    groups = [frozenset(Shards.shards[order[:15]]) for order in orders[1:]]
    assert groups[0] != groups[1]
    shards = Shards.shards[orders[0]]
    assert np.count_nonzero(np.diff(shards)) > 25  # not one shard after the other
    members = [index for index in orders[0] if Shards.shards[index] == 1]
    assert members != sorted(members)


def test_entering_inside_an_epoch_gives_the_rest(monkeypatch):
    whole, rest = (ranks_keys(monkeypatch, 2, epoch=1, first=first, round_to=4) for first in (0, 12))
    assert [own[12:] for own in whole] == rest and len(whole[0]) == 28


def test_every_clip_is_equally_likely_to_be_early(monkeypatch):
    places = np.zeros(60)
    for epoch in range(400):
        for place, key in enumerate(ranks_keys(monkeypatch, 1, epoch)[0]):
            places[key.index] += place / 400
    assert np.abs(places - 29.5).max() < 6


@pytest.fixture
def root(tmp_path):
    """Lists `x.csv` (shards 0 and 1) and `y.csv` (shard 0 of another folder)."""
    for name, folder, shard in (('x', 'p', 0), ('x', 'p', 1), ('y', 'q', 0)):
        (tmp_path / folder).mkdir(exist_ok=True)
        frames = write_folder(tmp_path / f'work/{folder}{shard}', counted_frames(2))
        write_shard(tmp_path / folder / f'{shard}.tar', [(f'{name}{shard}{i}', frames, None) for i in range(2)])
    rows = [('p/1.tar/x10',), ('p/0.tar/x00',), ('p/1.tar/x11',), ('p/0.tar/x01',)]
    write_list(tmp_path / 'x.csv', rows, 'video')
    write_list(tmp_path / 'y.csv', [('q/0.tar/y00',), ('q/0.tar/y01',)], 'video')
    return tmp_path


def test_data_sets_tell_the_shards_of_their_clips(root):
    parts = [dict(type='AVClipDataset', ann_file=f'{name}.csv', data_root=str(root)) for name in 'xy']
    assert AVClipDataset('x.csv', str(root)).shard_indices().tolist() == [0, 1, 0, 1]
    both = ConcatClipDataset(parts)
    assert both.shard_indices().tolist() == [0, 1, 0, 1, 2, 2]
    order = [both.shard_indices()[key.index] for key in ShardShuffleSampler(both, seed=0, open_shards=1)]
    assert most_open(order) == 1


def test_what_it_cannot_do(root):
    write_folder(root / 'frames/a', counted_frames(2))
    write_list(root / 'z.csv', [('q/0.tar/y00',), ('frames/a',)], 'video')
    with pytest.raises(ConfigError, match='z.csv: not all clips are in shards'):
        ShardShuffleSampler(AVClipDataset('z.csv', str(root)), seed=0)
    with pytest.raises(ConfigError, match='open_shards must be at least 1, not 0'):
        ShardShuffleSampler(Shards(), seed=0, open_shards=0)
    with pytest.raises(ConfigError, match='has 60 samples'):
        ShardShuffleSampler(Shards(), seed=0, round_to=61)
