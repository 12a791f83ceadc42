"""Whether what a run validates and tests on is independent of what it trains on."""

from collections.abc import Mapping, Sequence

from mmengine.logging import MMLogger
from torch.utils.data import DataLoader, Dataset

from mmavf.protocol.clip_data import clip_data
from mmavf.protocol.overlap import check_overlap
from mmavf.registry import DATASETS


def check_independence(
    train: Dataset, loaders: Sequence[DataLoader | Mapping | None], allow_overlap: bool = False
) -> None:
    """Compare the clips for training with those for validation and test, list by list.

    Data sets that do not know their clips (see `ClipData`) are not compared, with a warning.

    Args:
        train: Data set for training.
        loaders: Loaders of validation and test, or their configs; None where there is none.
        allow_overlap: Only warn.

    Raises:
        ListError: A clip for training, or its subject, is validated or tested on; the first ones are named. Or a list
            of validation or test is wrong.
    """
    given = [loader for loader in loaders if loader is not None]
    known = clip_data(train)
    if known is None:
        if given:
            _warn(train)
        return
    for held_out in map(data_set_of, given):
        other = clip_data(held_out)
        if other is None:
            _warn(held_out)
        else:
            other.full_init()
            check_overlap(known.clip_refs(), other.clip_refs(), len(known), allow_overlap)


def _warn(dataset: Dataset) -> None:
    MMLogger.get_current_instance().warning(
        f'{type(dataset).__name__} does not say which clips it has (clip_refs): whether clips for training are '
        'validated or tested on is not checked.'
    )


def data_set_of(loader: DataLoader | Mapping) -> Dataset:
    """Return the data set of a loader, built where the loader is still a config."""
    dataset = loader.dataset if isinstance(loader, DataLoader) else loader['dataset']
    return DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
