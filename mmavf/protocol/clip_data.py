"""The contract of data sets that know their clips."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from torch.utils.data import Dataset

from mmavf.structures.contracts import check_contract

from .overlap import ClipRef


class ClipData(Protocol):
    """A data set that can say which clips it has, so that what a run is trained and tested on can be compared.

    Data sets of other packages need not keep this contract: without `clip_refs` nothing is asked of them, and nothing
    is known of their clips.

    Attributes:
        list_hashes: SHA-256 of each list by its path, once it is read.
        bad_samples_file: Path of the file that clips which cannot be used are recorded in, or None; set before the data
            workers start.
    """

    list_hashes: Mapping[str, str]
    bad_samples_file: str | None

    def full_init(self) -> None:
        """Read and check the lists, unless that has been done."""

    def clip_refs(self) -> Iterator[ClipRef]:
        """Yield what identifies each clip: its file, span, id, family and subject."""

    def split_values(self) -> list[str]:
        """Return the values that can be held out in turn: folds or subjects."""


def clip_data(dataset: Dataset) -> ClipData | None:
    """Return a data set that knows its clips; None for one that does not.

    Raises:
        ConfigError: It has `clip_refs`, but not all of the contract.
    """
    if not hasattr(dataset, 'clip_refs'):
        return None
    check_contract(dataset, ClipData, 'data set')
    return dataset


def list_hashes(*datasets: Dataset) -> dict[str, str]:
    """Return the SHA-256 of all lists that data sets have read, by path."""
    known = (clip_data(dataset) for dataset in datasets)
    return {path: digest for data in known if data is not None for path, digest in data.list_hashes.items()}
