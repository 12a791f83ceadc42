"""Whether what a run validates and tests on is independent of what it trains on."""

from collections.abc import Mapping, Sequence

from torch.utils.data import DataLoader, Dataset

from mmavf.protocol.overlap import refuse_overlap
from mmavf.registry import DATASETS


def check_independence(
    train: Dataset, loaders: Sequence[DataLoader | Mapping | None], allow_overlap: bool = False
) -> None:
    """Compare the clips for training with those for validation and test, list by list.

    Data sets that cannot tell their clips apart (without `clip_refs`, of another package) are not compared.

    Args:
        train: Data set for training.
        loaders: Loaders of validation and test, or their configs; None where there is none.
        allow_overlap: Only warn.

    Raises:
        ListError: A clip for training, or its subject, is validated or tested on; the first ones are named. Or a list
            of validation or test is wrong.
    """
    if not hasattr(train, 'clip_refs'):
        return
    for held_out in (data_set_of(loader) for loader in loaders if loader is not None):
        if hasattr(held_out, 'clip_refs'):
            held_out.full_init()
            refuse_overlap(train.clip_refs(), held_out.clip_refs(), len(train), allow_overlap)


def data_set_of(loader: DataLoader | Mapping) -> Dataset:
    """Return the data set of a loader, built where the loader is still a config."""
    dataset = loader.dataset if isinstance(loader, DataLoader) else loader['dataset']
    return DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
