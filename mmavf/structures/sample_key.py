"""Key of a training sample, from which all its randomness derives."""

from typing import NamedTuple

import numpy as np


class SampleKey(NamedTuple):
    """What a training sampler passes to a data set instead of an index.

    The same key gives the same frames, augmentation and substitute in every run, whatever the number of workers or
    ranks and wherever the run was interrupted.

    Attributes:
        index: Entry of the list, in [0, len(dataset)).
        seed: Seed of the run, the same on every rank.
        epoch: Epoch, from 0.
        position: Place in the epoch's order over all ranks, from 0.
    """

    index: int  # type: ignore[assignment]  # which hides the method of tuples
    seed: int
    epoch: int
    position: int

    def rng_seed(self, attempt: int = 0) -> int:
        """Return a 32-bit seed for this key.

        Args:
            attempt: 0 for the sample itself, n for its n-th substitute.
        """
        words = (self.seed, self.epoch, self.position, attempt)
        return int(np.random.SeedSequence(words).generate_state(1)[0])
