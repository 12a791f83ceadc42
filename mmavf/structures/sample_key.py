"""The key from which all randomness of one training sample derives."""

from typing import NamedTuple

import numpy as np


class SampleKey(NamedTuple):
    """What a training sampler hands to a data set in place of a bare index.

    Two runs that visit the same key get the same frames, augmentation and substitute, whatever the number of workers or
    ranks, and wherever a run was interrupted.

    Attributes:
        index: Entry of the list, in [0, len(dataset)).
        seed: Seed of the run, the same on every rank.
        epoch: Epoch, from 0.
        position: Place in the epoch's order over all ranks, from 0.
    """

    index: int
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
