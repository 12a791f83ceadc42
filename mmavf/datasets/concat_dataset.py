"""Several lists as one data set."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dataset import ConcatDataset as MMEngineConcatDataset

from mmavf.errors import ConfigError, ListError
from mmavf.lists.natural_order import natural_order
from mmavf.lists.spellings import DIFFERENCE, alike
from mmavf.protocol.overlap import ClipRef, refuse_overlap
from mmavf.protocol.split import check_held_out
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

from .clip_dataset import AVClipDataset
from .labels import check_classes
from .media.shard import number_shards


@DATASETS.register_module()
class ConcatClipDataset(MMEngineConcatDataset):
    """Clip data sets one after the other.

    A SampleKey goes on to the part that holds its index, so that randomness stays the same whatever the part. Each
    part keeps its own policy on bad samples, and a substitute comes from the same part. A part may be empty, as those
    lists of a composite are that lack the subject to be held out; the whole may not.

    Args:
        datasets: Configs of AVClipDataset, or data sets.
        ann_file: One list of your own in place of all parts, with the other settings of the first part, which must be
            a config.
        data_root: What the paths of `ann_file` are relative to.
        held_out: Configs of AVClipDataset that training must keep away from: neither their clips (the same file, or in
            the same `family` the same id) nor their subjects (in the same `family`) may be in `datasets`.
        allow_overlap: Say in the log how many clips are in both, and go on.
        allow_missing_classes: Train although a class has no clip.
        lazy_init: Read and check the lists at first use.

    Raises:
        ConfigError: A `data_root` without `ann_file`.
        ListError: Lists are missing or wrong: one error that names them all. Or none has the value to be held out, the
            whole has no clip, lacks a class, or overlaps with `held_out`: the clips are named.
    """

    def __init__(
        self,
        datasets: list[dict | BaseDataset],
        ann_file: str | None = None,
        data_root: str = '',
        held_out: Sequence[dict] = (),
        allow_overlap: bool = False,
        allow_missing_classes: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if ann_file is not None:
            datasets = [{**datasets[0], 'ann_file': ann_file, 'data_root': data_root}]
        elif data_root:
            raise ConfigError(f'data_root={data_root} needs a list: set ann_file beside it.')
        self.held_out = _build(held_out)
        self.allow_overlap = allow_overlap
        self.allow_missing_classes = allow_missing_classes
        super().__init__(_build(datasets), lazy_init=lazy_init)

    def full_init(self) -> None:
        """Read and check all lists, unless that has been done."""
        if self._fully_initialized:
            return
        _read([*self.datasets, *self.held_out])
        for parts in filter(None, (self.datasets, self.held_out)):
            _check_parts(parts)
        super().full_init()
        for part, end in zip(self.datasets, self.cumulative_sizes, strict=True):
            part.first_index = end - len(part)
        if 'classes' in self.metainfo:
            may_lack = self.allow_missing_classes or self.datasets[0].test_mode
            check_classes(self.labels(), self.metainfo['classes'], _names(self.datasets), may_lack)
        held_out = (ref for part in self.held_out for ref in part.clip_refs())
        refuse_overlap(self.clip_refs(), held_out, len(self), self.allow_overlap)

    @property
    def list_hashes(self) -> dict[str, str]:
        """SHA-256 of each list by its path, once they are read."""
        return {name: value for part in self.datasets for name, value in part.list_hashes.items()}

    def split_values(self) -> list[str]:
        """Return the values that can be held out, of all parts that have a split; see AVClipDataset.

        Raises:
            ConfigError: No part has a split.
            ListError: A list cannot be read.
        """
        parts = [part for part in self.datasets if part.split is not None]
        if not parts:
            raise ConfigError(f'{_names(self.datasets)}: no part has a split, so that there are no folds')
        return _split_values(parts)

    def clip_refs(self) -> Iterator[ClipRef]:
        """Yield what tells whether clips of other data sets are the same as, or related to, those of this one."""
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
        """Return the sample of `key`, an index over all parts or a SampleKey with one."""
        if not isinstance(key, SampleKey):
            key = SampleKey(index=int(key), seed=0, epoch=0, position=int(key))
        part, index = self._get_ori_dataset_idx(key.index)
        return self.datasets[part][key._replace(index=index)]


def _build(parts: Sequence[dict | BaseDataset]) -> list[AVClipDataset]:
    built = [DATASETS.build({**part, 'lazy_init': True}) if isinstance(part, dict) else part for part in parts]
    for part in built:
        part.in_concatenation = True
    return built


def _read(parts: Sequence[AVClipDataset]) -> None:
    """Read the lists of all parts; raise one ListError with what is wrong with any."""
    problems = []
    for part in parts:
        try:
            part.full_init()
        except ListError as error:
            problems.append(str(error))
    if problems:
        raise ListError('\n'.join(dict.fromkeys(problems)))


def _check_parts(parts: Sequence[AVClipDataset]) -> None:
    """Make sure that there are clips, and that each value to be held out occurs in one of the parts split by it."""
    split = [part for part in parts if part.split is not None]
    for column, value in {(part.split.column, part.split.held_out) for part in split}:
        same = [part for part in split if (part.split.column, part.split.held_out) == (column, value)]
        check_held_out(same[0].split, _split_values(same), _names(same))
        _check_fold_names(same)
    if not any(map(len, parts)):
        raise ListError(f'{_names(parts)}: no clip is left for {parts[0].split or "the label_map given"}')


def _check_fold_names(parts: Sequence[AVClipDataset]) -> None:
    """Make sure that no fold is spelt in two ways: what is held out of one list would be trained on from another.

    Subjects are not compared here: lists of several sets give one name to different people.
    """
    if parts[0].split.column == 'fold' and (found := alike(_split_values(parts))):
        names = '; '.join(' and '.join(map(repr, names)) for names in found)
        raise ListError(f'{_names(parts)}: folds {names} differ {DIFFERENCE}: write them in one way')


def _split_values(parts: Sequence[AVClipDataset]) -> list[str]:
    return sorted({value for part in parts for value in part.split_values()}, key=natural_order)


def _names(parts: Sequence[AVClipDataset]) -> str:
    return ' + '.join(part.ann_file for part in parts)
