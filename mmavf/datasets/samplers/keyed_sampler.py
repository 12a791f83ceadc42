"""Training sampler with a repeatable order that can be resumed anywhere."""

from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmavf.errors import ConfigError
from mmavf.registry import DATA_SAMPLERS
from mmavf.structures import SampleKey


@DATA_SAMPLERS.register_module()
class KeyedSampler(Sampler[SampleKey]):
    """Shuffle by (seed, epoch), identically on all ranks, and distribute the order round-robin over the ranks.

    Position p of an epoch's order goes to rank p mod world size, so that the n-th batches of all ranks together are one
    contiguous stretch of the order, whatever the number of ranks.

    An epoch holds whole optimizer steps only: a multiple of `world size × round_to` samples. The train loop sets
    `round_to` to batch size × accumulation, so that every batch has the same shape and an epoch ends on an optimizer
    step. The remainder, less than one step, is left out of this epoch; the order changes with every epoch, so that over
    many epochs each sample is used about equally often. `left_over` is its size, which the train loop logs.

    Args:
        dataset: Anything with a length.
        seed: Seed of the order; None draws one and shares it with all ranks.
        shuffle: Whether to shuffle; otherwise the order is that of the list in every epoch.
        round_to: Samples of one rank in one optimizer step.

    Raises:
        ConfigError: The data set has fewer samples than one step needs.
    """

    def __init__(self, dataset: Sized, seed: int | None = None, shuffle: bool = True, round_to: int = 1) -> None:
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        self.shuffle = shuffle
        self.total = len(dataset)
        step = round_to * self.world_size
        if self.total < step:
            raise ConfigError(
                f'The training data set has {self.total} samples, but one optimizer step takes {step} '
                '(batch size × processes × accumulation): lower the batch size or use a longer list.'
            )
        self.left_over = self.total % step
        self._length = (self.total - self.left_over) // self.world_size
        self.start_at(epoch=0)

    def __len__(self) -> int:
        """Number of samples of this rank in a whole epoch, wherever the sampler starts."""
        return self._length

    def __iter__(self) -> Iterator[SampleKey]:
        order = self._order()
        for nth in range(self._first, self._length):
            position = nth * self.world_size + self.rank
            yield SampleKey(int(order[position]), self.seed, self.epoch, position)

    def set_epoch(self, epoch: int) -> None:
        """Start the next pass at the beginning of `epoch` (from 0); MMEngine's sampler interface."""
        self.start_at(epoch)

    def start_at(self, epoch: int, first: int = 0) -> None:
        """Start the next pass inside an epoch.

        Args:
            epoch: Epoch, from 0.
            first: Number of samples of this rank to skip because they have been used.
        """
        self.epoch, self._first = epoch, first

    def _order(self) -> np.ndarray:
        if not self.shuffle:
            return np.arange(self.total)
        return np.random.default_rng((self.seed, self.epoch)).permutation(self.total)
