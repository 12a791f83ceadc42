"""Training sampler that reads few shards at a time."""

from collections.abc import Sized
from typing import Protocol

import numpy as np

from mmavf.errors import ConfigError
from mmavf.registry import DATA_SAMPLERS

from .keyed_sampler import KeyedSampler


class HasShards(Sized, Protocol):
    """A data set whose clips are in shards."""

    def shard_indices(self) -> np.ndarray:
        """Return the number of each clip's shard, (N,) int64, from 0 to number of shards - 1."""


@DATA_SAMPLERS.register_module()
class ShardShuffleSampler(KeyedSampler):
    """KeyedSampler whose epochs go through groups of shards, one group after another.

    In each epoch the shards are shuffled and divided into groups of `open_shards`; the clips of a group are shuffled
    together. At most `open_shards` shards are in use at any time, so that storage and the page cache see few files. All
    ranks work on the same group, each on its share of the clips; everything else is as in KeyedSampler. Neighbouring
    clips come from few shards: if a shard holds the clips of few people, make the groups large.

    Args:
        dataset: A data set with `shard_indices()`, such as AVClipDataset and ConcatClipDataset.
        seed: Seed of the order; None draws one and shares it with all ranks.
        open_shards: Shards of one group.
        round_to: Samples of one rank in one optimizer step.

    Raises:
        ConfigError: Clips are not in shards, there are fewer than one step needs, or `open_shards` is not positive.
    """

    def __init__(self, dataset: HasShards, seed: int | None = None, open_shards: int = 32, round_to: int = 1) -> None:
        super().__init__(dataset, seed, round_to=round_to)
        if open_shards < 1:
            raise ConfigError(f'ShardShuffleSampler: open_shards must be at least 1, not {open_shards}')
        self.open_shards = open_shards
        shards = dataset.shard_indices()
        by_shard = np.argsort(shards, kind='stable')
        self._members = np.split(by_shard, np.cumsum(np.bincount(shards))[:-1])

    def _order(self) -> np.ndarray:
        rng = np.random.default_rng((self.seed, self.epoch))
        shards = rng.permutation(len(self._members))
        groups = (shards[first : first + self.open_shards] for first in range(0, len(shards), self.open_shards))
        return np.concatenate([rng.permutation(np.concatenate([self._members[i] for i in group])) for group in groups])
