"""Data set of audio-visual clips named by a list."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any, Literal

import cv2
import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger
from torch.utils.data import get_worker_info

from mmavf.errors import ClipError, ConfigError, ListError, TooManyBadSamplesError
from mmavf.lists.clip_list import Problem, clip_id, list_hash, raise_problems, read_list
from mmavf.lists.spellings import warn_of_spellings
from mmavf.protocol.overlap import ClipRef, clip_ref, family_of, find_overlap, overlap_text
from mmavf.protocol.split import Split, check_held_out
from mmavf.registry import DATASETS
from mmavf.structures import AVDataSample, SampleKey

from .bad_samples import BadSampleLog
from .clip_boundary import ClipBoundary
from .deadline import call_within
from .labels import ClassLabels, NumberLabels, check_classes, read_classes, read_labels, soft_target
from .list_checks import check_paths, find_duplicates
from .media.shard import SUFFIX, number_shards
from .sample_rng import seeded

# What a list tells about a clip and the pipeline gets as it is.
CLIP_COLUMNS = ('line', 'start', 'end', 'fps', 'subject', 'fold', 'group')

COLLECT_EVERY = 64  # clips of a worker: a collection takes a millisecond or two


@DATASETS.register_module()
class AVClipDataset(BaseDataset):
    """Clips with video and sound, named by a list (see `read_list`), that is checked before training.

    An item is what the pipeline makes of a clip. It is asked for by a SampleKey (training: all its randomness derives
    from the key) or by a plain index (then the randomness derives from the index).

    Args:
        ann_file: The list, relative to `data_root` or absolute.
        data_root: What the paths in the list are relative to.
        pipeline: Transforms; the first gets `video_path`, `audio_path` ('' = the video file's own sound), `sample_id`,
            `index`, `source`, `line` (of the list) and, where the list has them, `start`, `end`, `fps`, `subject`,
            `fold`, `group`, `gt_label`, `gt_score`.
        metainfo: With `classes` (names, or a text file with one name per line) the list's column `label` is a class.
            Without, and without `label_columns`, labels are not looked at.
        label_columns: Columns with numbers to regress; without `classes`.
        list_classes: The list's own class names in index order, where they differ from `classes`.
        label_map: The list's own class name → name in `classes`, or None: clips with it are left out (the log says how
            many).
        multi_label: A label may name several classes, joined by `+`. Each clip gets `gt_score`, which shares 1 equally
            among its classes; `gt_label` where it has one class.
        split: Use a part of the list (see `Split`). The list as a whole is checked all the same: what is held out may
            share neither clips nor subjects with the rest.
        source: Name of the corpus.
        family: Name that corpora share which have clips and subjects in common; see ConcatClipDataset's `held_out`.
            Default: the `source`; without that, all lists with the same `data_root`.
        allow_missing_classes: Train although a class has no clip.
        on_bad: What happens when a clip cannot be used: 'raise' its ClipError, or 'skip' it: in training another one,
            drawn from the same key, takes its place, and the event is recorded; in `test_mode` the item has no inputs
            (see `__getitem__`).
        max_bad_ratio: With 'skip', the run stops when more than this share of the list's entries is bad.
        clip_timeout_sec: A clip that is not done within so many seconds cannot be used: its file does not end, or its
            decoder or the storage hangs. None: no limit.
        test_mode: Evaluation: nothing is substituted, and a clip that stands in the list twice is an error.
        indices: Use only the first n entries, or these.
        serialize_data: Keep the entries in one buffer that all workers share.
        lazy_init: Read and check the list at first use.

    Attributes:
        list_hashes: SHA-256 of the list by its path, once it is read.
        first_index: Index of the first clip; a concatenation sets it, so that `index` is unique in the whole.
        in_concatenation: A concatenation sets it before the list is read. Then what need only hold for the whole is
            not asked of this part: that it has clips, a clip of every class, the held-out value.

    Raises:
        ConfigError: An argument has an impossible value.
        ListError: The file with the class names does not exist. Or the list cannot be read, or rows of it are wrong:
            unknown labels, paths that do not exist or may not be read, clips twice (`test_mode` only). One error names
            the first rows of all. Or the split gives no clip, leaves training without a class, or parts that share
            clips or subjects.
    """

    first_index = 0
    in_concatenation = False

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        pipeline: Sequence[dict | Callable] = (),
        metainfo: Mapping | None = None,
        label_columns: Sequence[str] = (),
        list_classes: Sequence[str] | None = None,
        label_map: Mapping[str, str | None] | None = None,
        multi_label: bool = False,
        split: Mapping | None = None,
        source: str = '',
        family: str = '',
        allow_missing_classes: bool = False,
        on_bad: Literal['skip', 'raise'] = 'skip',
        max_bad_ratio: float = 0.01,
        clip_timeout_sec: float | None = 300.0,
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        lazy_init: bool = False,
    ) -> None:
        if on_bad not in ('skip', 'raise'):
            raise ConfigError(f"AVClipDataset: on_bad must be 'skip' or 'raise', not {on_bad!r}")
        if not 0 <= max_bad_ratio <= 1:
            raise ConfigError(f'AVClipDataset: max_bad_ratio must be in [0, 1], not {max_bad_ratio}')
        if clip_timeout_sec is not None and not clip_timeout_sec > 0:
            raise ConfigError(f'AVClipDataset: clip_timeout_sec must be positive or None, not {clip_timeout_sec}')
        if label_columns and metainfo and 'classes' in metainfo:
            raise ConfigError('AVClipDataset: labels are classes or numbers: give metainfo.classes or label_columns')
        self.label_columns = tuple(label_columns)
        self.label_options = dict(list_classes=list_classes, label_map=label_map, multi_label=multi_label)
        self.split = None if split is None else Split(**split)
        self.source, self.family = source, family
        self.allow_missing_classes = allow_missing_classes
        self.on_bad = on_bad
        self.max_bad_ratio = max_bad_ratio
        self.clip_timeout_sec = clip_timeout_sec
        self.list_hashes: dict[str, str] = {}
        self._bad_samples_file: str | None = None
        if metainfo and 'classes' in metainfo:
            metainfo = {**metainfo, 'classes': read_classes(metainfo['classes'])}
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix={},
            pipeline=list(pipeline),
            metainfo=metainfo,
            test_mode=test_mode,
            indices=indices,
            serialize_data=serialize_data,
            lazy_init=lazy_init,
        )

    def full_init(self) -> None:
        """Read and check the list, unless that has been done."""
        if self._fully_initialized:
            return
        super().full_init()
        self._bad_samples = BadSampleLog(self.ann_file, len(self), self.max_bad_ratio)
        self._bad_samples.file = self._bad_samples_file

    def load_data_list(self) -> list[dict]:
        """Read and check the list; return the entries of its part."""
        entries, problems, left_out = self._read_entries()
        problems += check_paths(entries, self.data_root)
        if self.split is not None:
            problems += self.split.problems(entries)
        raise_problems(self.ann_file, problems)
        if self.split is None:
            warn_of_spellings(self.ann_file, entries)
        self.list_hashes = {self.ann_file: list_hash(self.ann_file)}
        if left_out:
            counts = ', '.join(f'{label} ({count})' for label, count in sorted(left_out.items()))
            MMLogger.get_current_instance().info(f'{self.ann_file}: clips that label_map leaves out: {counts}')
        if self.split is not None:
            entries = self._take_part(entries)
        if not entries and not self.in_concatenation:
            raise ListError(f'{self.ann_file}: no clip is left for {self.split or "the label_map given"}')
        self._check_duplicates(entries)
        if 'classes' in self.metainfo and not self.in_concatenation:
            labels = [entry['label'] for entry in entries]
            check_classes(labels, self.metainfo['classes'], self.ann_file, self.test_mode or self.allow_missing_classes)
        # mmengine cannot serialize nothing, which a part of a concatenation may be
        self.serialize_data = self.serialize_data and bool(entries)
        return entries

    def _read_entries(self) -> tuple[list[dict], list[Problem], Counter[str]]:
        """Read the list and its labels; see `read_labels` for what is returned."""
        if 'classes' in self.metainfo:
            columns: tuple[str, ...] = ('label',)
            reader = ClassLabels(self.metainfo['classes'], **self.label_options)
        else:
            columns = self.label_columns
            reader = NumberLabels(columns)
        entries, problems = read_list(self.ann_file, columns)
        if not columns:
            return entries, problems, Counter()
        entries, label_problems, left_out = read_labels(entries, reader)
        return entries, problems + label_problems, left_out

    def _take_part(self, entries: list[dict]) -> list[dict]:
        check_held_out(self.split, self.split.values(entries), self.ann_file, self.in_concatenation)
        rest = [entry for entry in entries if not self.split.holds_out(entry)]
        held_out = [entry for entry in entries if self.split.holds_out(entry)]
        faults = find_overlap(self._refs(rest), self._refs(held_out))
        if faults:
            raise ListError(
                f'{self.ann_file}: {len(faults)} clip(s) for training are not independent of {self.split.column} '
                f'{self.split.held_out}, which is held out for testing:{overlap_text(faults)}\n'
                'Mend the list. If its folds are meant to share subjects, leave out the column subject.'
            )
        return self.split.select(entries)

    def _check_duplicates(self, entries: list[dict]) -> None:
        duplicates = find_duplicates(entries)
        if self.test_mode:
            raise_problems(self.ann_file, duplicates)
        elif duplicates:
            MMLogger.get_current_instance().warning(
                f'{self.ann_file}: {len(duplicates)} of {len(entries)} entries name a clip that the list has already'
            )

    def split_values(self) -> list[str]:
        """Return the values of the split's column, each of which can be held out: 1, 2, ..., 10.

        Only the list and its labels are read, and no value need be held out yet.

        Raises:
            ConfigError: There is no split.
            ListError: The list cannot be read.
        """
        if self.split is None:
            raise ConfigError(f'{self.ann_file}: the data set has no split, so that there are no folds')
        return self.split.values(self._read_entries()[0])

    def clip_refs(self) -> Iterator[ClipRef]:
        """Yield what tells whether clips of other data sets are the same as, or related to, those of this one."""
        return self._refs(super(AVClipDataset, self).get_data_info(index) for index in range(len(self)))

    def _refs(self, entries: Iterable[dict]) -> Iterator[ClipRef]:
        # within one list, and lists of one folder that say nothing else, ids and subjects mean the same
        family = family_of(self.family, self.source, self.data_root)
        return (clip_ref(entry, self.ann_file, self.data_root, family) for entry in entries)

    def labels(self) -> Iterator[int | tuple[int, ...] | list[float]]:
        """Yield the class index of each clip; with `multi_label` a tuple of them, with `label_columns` the numbers."""
        return (super(AVClipDataset, self).get_data_info(index)['label'] for index in range(len(self)))

    def class_indices(self) -> np.ndarray:
        """Return the class index of each clip, (N,) int64; of a clip with several classes the lowest.

        Raises:
            ConfigError: The data set has no classes.
        """
        if 'classes' not in self.metainfo:
            raise ConfigError(f'{self.ann_file}: the data set has no classes: give it metainfo=dict(classes=[...])')
        return np.array([label[0] if isinstance(label, tuple) else label for label in self.labels()], dtype=np.int64)

    def shards(self) -> Iterator[str]:
        """Yield the path of the shard that each clip lies in.

        Raises:
            ConfigError: A clip lies in none.
        """
        for index in range(len(self)):
            shard = os.path.dirname(os.path.join(self.data_root, super().get_data_info(index)['video']))
            if not shard.endswith(SUFFIX):
                raise ConfigError(f'{self.ann_file}: not all clips lie in shards: train on it with KeyedSampler')
            yield shard

    def shard_indices(self) -> np.ndarray:
        """Return a number for the shard of each clip, (N,) int64, 0 to number of shards - 1; see `shards`."""
        return number_shards(self.shards())

    def get_data_info(self, idx: int) -> dict:
        """Return what the pipeline gets for entry `idx`."""
        entry = super().get_data_info(idx)
        info = {key: entry[key] for key in CLIP_COLUMNS if key in entry}
        for kind in ('video', 'audio'):
            name = entry.get(kind)
            info[f'{kind}_path'] = os.path.join(self.data_root, name) if name else ''
        info['sample_id'] = clip_id(entry)
        info['index'] = self.first_index + entry['sample_idx']
        info['source'] = self.source
        label = entry.get('label')
        if isinstance(label, tuple):
            info['gt_score'] = soft_target(label, len(self.metainfo['classes']))
            label = label[0] if len(label) == 1 else None
        if label is not None:
            info['gt_label'] = label
        return info

    def __getitem__(self, key: SampleKey | int) -> Any:
        """Return the sample of `key`.

        In `test_mode` with `on_bad='skip'` a clip that cannot be used gives `dict(inputs=None, data_samples)`. The meta
        information of its AVDataSample has the reason as `error`, beside what the list tells about the clip.

        Raises:
            ClipError: It cannot be used, and `on_bad` is 'raise'.
            TooManyBadSamplesError: Too many clips cannot be used, or all of them.
        """
        _settle_in_worker()
        if not isinstance(key, SampleKey):
            key = SampleKey(index=int(key), seed=0, epoch=0, position=int(key))
        tried: set[int] = set()
        attempt, index = 0, key.index
        while True:
            seed = key.rng_seed(attempt)
            if attempt:
                index = int(np.random.default_rng(seed).integers(len(self)))
            clip = self.get_data_info(index)
            try:
                # the generators are seeded and given back by this thread, whatever becomes of the one with a deadline
                with ClipBoundary(clip['video_path'] or clip['audio_path'], clip['audio_path']), seeded(seed):
                    return call_within(self.clip_timeout_sec, self._make_sample, dict(clip))
            except ClipError as error:
                if self.on_bad == 'raise':
                    raise
                if self.test_mode:
                    return _failure(clip, str(error))
                self._bad_samples.record(clip, str(error))
                tried.add(index)
            if len(tried) == len(self):
                raise TooManyBadSamplesError(f'{self.ann_file}: none of the {len(self)} clips can be used')
            attempt += 1

    def _make_sample(self, clip: dict) -> Any:
        sample = self.pipeline(clip)
        if sample is None:  # MMEngine's way for a transform to refuse a clip, which says nothing of the reason
            raise ClipError('a transform gave nothing back (None) for this clip')
        return sample

    @property
    def bad_samples_file(self) -> str | None:
        """File that bad samples are recorded in (see BadSampleLog); set it before the data workers start."""
        return self._bad_samples_file

    @bad_samples_file.setter
    def bad_samples_file(self, path: str | None) -> None:
        self._bad_samples_file = path
        if self._fully_initialized:
            self._bad_samples.file = path


def _failure(clip: dict, error: str) -> dict:
    meta = {key: value for key, value in clip.items() if not key.startswith('gt_')}
    return dict(inputs=None, data_samples=AVDataSample(metainfo=meta | dict(error=error)))


def _settle_in_worker() -> None:
    """Keep a data worker to one thread, and its memory level."""
    if get_worker_info() is None:
        return
    _settle_once()
    # readers of media are parts of cycles; left to Python, they wait with their files until thousands of objects came
    if next(_turns) % COLLECT_EVERY == 0:
        gc.collect()


@cache
def _settle_once() -> None:
    """Keep libraries from starting threads, for the workers are the parallelism, and let collections be short."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    gc.freeze()  # what is there stays there, and its memory shared with the process that this one was forked from


_turns = count(1)
