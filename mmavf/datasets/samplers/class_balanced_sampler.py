"""Class-balanced training sampler."""

from collections.abc import Sized
from typing import Protocol

import numpy as np

from mmavf.registry import DATA_SAMPLERS

from .keyed_sampler import KeyedSampler


class HasClasses(Sized, Protocol):
    """A data set whose clips have classes."""

    def class_indices(self) -> np.ndarray:
        """Return the class index of each clip, (N,) int64."""


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(KeyedSampler):
    """KeyedSampler whose epochs are as long as the list and hold each class equally often (± 1).

    A frequent class is subsampled without replacement, anew in each epoch; the clips of a rare class are repeated, each
    equally often (± 1). A class without clips is left out.

    Args:
        dataset: A data set with `class_indices()`, such as AVClipDataset and ConcatClipDataset. A clip with several
            classes counts for the first.
        seed: Seed of the order; None draws one and shares it with all ranks.
        round_to: Samples of one rank in one optimizer step.

    Raises:
        ConfigError: The data set has no classes, or fewer samples than one step needs.
    """

    def __init__(self, dataset: HasClasses, seed: int | None = None, round_to: int = 1) -> None:
        super().__init__(dataset, seed, round_to=round_to)
        labels = dataset.class_indices()
        self._members = [np.flatnonzero(labels == label) for label in np.unique(labels)]

    def _order(self) -> np.ndarray:
        rng = np.random.default_rng((self.seed, self.epoch))
        share, rest = divmod(self.total, len(self._members))
        # which classes occur once more than the others changes with the epoch
        more = rng.permutation(len(self._members)) < rest
        picks = [
            np.resize(rng.permutation(members), share + extra)
            for members, extra in zip(self._members, more, strict=True)
        ]
        return rng.permutation(np.concatenate(picks))
