"""Concatenation of clip data sets."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dataset import ConcatDataset as MMEngineConcatDataset

from mmavf.errors import ConfigError, ListError
from mmavf.protocol.overlap import ClipRef, check_overlap
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

from .clip_dataset import AVClipDataset
from .media.shard import number_shards
from .whole_checks import check_all_classes, check_parts, names_of, values_of


@DATASETS.register_module()
class ConcatClipDataset(MMEngineConcatDataset):
    """Concatenation of clip data sets.

    A SampleKey is passed on to the part that holds its index, so that its randomness does not depend on the part. Each
    part keeps its own policy on bad samples, and a substitute comes from the same part. A part may be empty, such as
    the lists of a composite that lack the held-out subject; the whole may not.

    Args:
        datasets: Configs of AVClipDataset, or data sets.
        ann_file: A list of your own that replaces all parts; its other settings are those of the first part, which
            must be a config.
        data_root: Folder that the paths of `ann_file` are relative to.
        held_out: Configs of AVClipDataset that must not be trained on: neither their clips (same file, or same id in
            the same `family`) nor their subjects (in the same `family`) may occur in `datasets`.
        allow_overlap: Only log how many clips occur in both.
        allow_missing_classes: Train even if a class has no clip.
        lazy_init: Read and check the lists at first use.

    Raises:
        ConfigError: `data_root` is set without `ann_file`.
        ListError: Lists are missing or wrong (one error names them all), none has the held-out value, or the whole
            has no clip, lacks a class, or overlaps with `held_out` (the clips are named).
    """

    def __init__(
        self,
        datasets: list[dict | BaseDataset],
        ann_file: str | None = None,
        data_root: str = '',
        held_out: Sequence[dict] | None = (),
        allow_overlap: bool = False,
        allow_missing_classes: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if ann_file is not None:
            datasets = [{**datasets[0], 'ann_file': ann_file, 'data_root': data_root}]
        elif data_root:
            raise ConfigError(f'data_root={data_root} needs a list: set ann_file too.')
        self.held_out = _build(held_out or ())
        self.allow_overlap = allow_overlap
        self.allow_missing_classes = allow_missing_classes
        super().__init__(_build(datasets), lazy_init=lazy_init)

    def full_init(self) -> None:
        """Read and check all lists, unless that has been done."""
        if self._fully_initialized:
            return
        _read([*self.datasets, *self.held_out])
        check_parts(self.datasets)
        if self.held_out:
            check_parts(self.held_out)
        super().full_init()
        for part, end in zip(self.datasets, self.cumulative_sizes, strict=True):
            part.first_index = end - len(part)
        check_all_classes(self.datasets, self.allow_missing_classes or self.datasets[0].test_mode)
        held_out = (ref for part in self.held_out for ref in part.clip_refs())
        check_overlap(self.clip_refs(), held_out, len(self), self.allow_overlap)

    @property
    def list_hashes(self) -> dict[str, str]:
        """SHA-256 of each list by its path, once they are read."""
        return {name: value for part in self.datasets for name, value in part.list_hashes.items()}

    @property
    def bad_samples_file(self) -> str | None:
        """File that bad samples of all parts are recorded in; set it before the data workers start."""
        return self.datasets[0].bad_samples_file

    @bad_samples_file.setter
    def bad_samples_file(self, path: str | None) -> None:
        """Set it for all parts."""
        for part in self.datasets:
            part.bad_samples_file = path

    def split_values(self) -> list[str]:
        """Return the values that can be held out of any part with a split; see AVClipDataset.

        Raises:
            ConfigError: No part has a split.
            ListError: A list cannot be read.
        """
        parts = [part for part in self.datasets if part.split is not None]
        if not parts:
            raise ConfigError(f'{names_of(self.datasets)}: no part has a split, so there are no folds')
        return values_of(parts)

    def clip_refs(self) -> Iterator[ClipRef]:
        """Yield a reference to each clip; see AVClipDataset."""
        for part in self.datasets:
            yield from part.clip_refs()

    def labels(self) -> Iterator[int | tuple[int, ...] | list[float]]:
        """Yield the label of each clip; see AVClipDataset."""
        for part in self.datasets:
            yield from part.labels()

    def class_indices(self) -> np.ndarray:
        """Return the class index of each clip, (N,) int64; see AVClipDataset."""
        return np.concatenate([part.class_indices() for part in self.datasets])

    def shard_indices(self) -> np.ndarray:
        """Return a number for the shard of each clip, (N,) int64; see AVClipDataset."""
        return number_shards(shard for part in self.datasets for shard in part.shards())

    def __getitem__(self, key: SampleKey | int) -> Any:
        """Return the sample of `key`: an index over all parts, or a SampleKey with such an index."""
        if not isinstance(key, SampleKey):
            key = SampleKey(index=int(key), seed=0, epoch=0, position=int(key))
        part, index = self._get_ori_dataset_idx(key.index)
        return self.datasets[part][key._replace(index=index)]


def _build(parts: Sequence[dict | BaseDataset]) -> list[AVClipDataset]:
    return [DATASETS.build({**part, 'lazy_init': True}) if isinstance(part, dict) else part for part in parts]


def _read(parts: Sequence[AVClipDataset]) -> None:
    """Read the lists of all parts; raise one ListError with the faults of all."""
    problems = []
    for part in parts:
        try:
            part.read()
        except ListError as error:
            problems.append(str(error))
    if problems:
        raise ListError('\n'.join(dict.fromkeys(problems)))
