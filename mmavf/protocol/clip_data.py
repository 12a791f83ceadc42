"""The contract of data sets that know their clips."""

from collections.abc import Iterator, Mapping
from typing import Protocol, cast

from torch.utils.data import Dataset

from mmavf.structures.contracts import check_contract

from .overlap import ClipRef


class ClipData(Protocol):
    """A data set that can say which clips it has, so that what a run is trained and tested on can be compared.

    Data sets of other packages need not keep this contract: those without `clip_refs` are used, but nothing is known
    about their clips.

    Attributes:
        bad_samples_file: Path of the file in which unusable clips are recorded, or None; set before the data workers
            start.
    """

    bad_samples_file: str | None

    @property
    def list_hashes(self) -> Mapping[str, str]:
        """SHA-256 of each list by its path, once it is read."""

    def __len__(self) -> int:
        """Return the number of clips."""

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
    return cast(ClipData, dataset)


def list_hashes(*datasets: Dataset) -> dict[str, str]:
    """Return the SHA-256 of all lists that data sets have read, by path."""
    known = (clip_data(dataset) for dataset in datasets)
    return {path: digest for data in known if data is not None for path, digest in data.list_hashes.items()}
