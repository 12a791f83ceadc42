"""Data set of audio-visual clips named by a list."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from mmavf.errors import ConfigError, ListError
from mmavf.lists.clip_list import clip_id, list_hash
from mmavf.protocol.overlap import ClipRef, family_of
from mmavf.protocol.split import Split
from mmavf.registry import DATASETS

from .keyed_dataset import KeyedDataset
from .labelled_list import LabelledList
from .labels import ClassLabels, NumberLabels, read_classes, soft_target
from .media.shard import SUFFIX, number_shards
from .whole_checks import check_all_classes, check_parts

# list columns that the pipeline gets unchanged
CLIP_COLUMNS = ('line', 'start', 'end', 'fps', 'subject', 'fold', 'group')


@DATASETS.register_module()
class AVClipDataset(KeyedDataset):
    """Audio-visual clips named by a list (see `read_list`), which is checked before training.

    An item is a clip after the pipeline. It is requested by a SampleKey (in training: all its randomness derives from
    the key) or by a plain index (its randomness then derives from the index).

    Args:
        ann_file: The list, relative to `data_root` or absolute.
        data_root: Folder that the paths in the list are relative to.
        pipeline: Transforms; the first gets `video_path`, `audio_path` ('' = the video file's own sound), `sample_id`,
            `index`, `source`, `line` (of the list) and, where the list has them, `start`, `end`, `fps`, `subject`,
            `fold`, `group`, `gt_label`, `gt_score`.
        metainfo: With `classes` (names, or a text file with one name per line), the list's column `label` is a class.
            Without `classes` and `label_columns`, labels are ignored.
        label_columns: Columns with numbers to regress; excludes `classes`.
        list_classes: The list's own class names in index order, where they differ from `classes`.
        label_map: The list's own class name → name in `classes`, or None to leave its clips out (the log says how
            many).
        multi_label: A label may name several classes, joined by `+`. Each clip gets `gt_score`, which shares 1 equally
            among its classes; `gt_label` where it has one class.
        split: Use a part of the list (see `Split`). The whole list is still checked: what is held out must share
            neither clips nor subjects with the rest.
        source: Name of the corpus.
        family: Name shared by corpora that have clips and subjects in common; see ConcatClipDataset's `held_out`.
            Default: the `source`; without one, all lists with the same `data_root` are a family.
        allow_missing_classes: Train even if a class has no clip.
        on_bad: What happens to a clip that cannot be used: 'raise' its ClipError, or 'skip' it. In training, a skipped
            clip is recorded and replaced by another one drawn from the same key; in `test_mode` its item has no inputs
            (see `__getitem__`).
        max_bad_ratio: With 'skip', the run stops when more than this share of the list's entries is bad.
        clip_timeout_sec: A clip that takes longer cannot be used: its file has no end, or its decoder or the storage
            hangs. None: no limit.
        share: Train on this share of the entries, in (0, 1], drawn by chance; a smaller share is part of a larger one.
        share_seed: Of that draw.
        test_mode: Evaluation: nothing is replaced, and a clip listed twice is an error.
        indices: Use only the first n entries, or the entries with these indices.
        serialize_data: Keep the entries in one buffer shared by all workers.
        lazy_init: Read and check the list at first use.

    Attributes:
        list_hashes: SHA-256 of the list by its path, once it is read.
        first_index: `index` of the first clip. ConcatClipDataset sets it, so that `index` is unique in the whole.

    Raises:
        ConfigError: An argument has an impossible value.
        ListError: The file with the class names does not exist; the list cannot be read; rows are wrong (unknown
            labels, paths that do not exist or are not readable, in `test_mode` duplicates; one error names the first
            of them); or the split gives no clip, leaves training without a class, or separates clips that share a file
            or a subject.
    """

    _fully_initialized: bool
    serialize_data: bool

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
        share: float = 1.0,
        share_seed: int = 0,
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        lazy_init: bool = False,
    ) -> None:
        if label_columns and metainfo and 'classes' in metainfo:
            raise ConfigError(
                'AVClipDataset: labels are either classes or numbers: set metainfo.classes or label_columns, not both'
            )
        if not isinstance(share, int | float) or not 0 < share <= 1 or (share < 1 and test_mode):
            raise ConfigError(f'AVClipDataset: share must be above 0 and at most 1, and 1 in a test, not {share!r}')
        self.share, self.share_seed = share, share_seed
        self.label_columns = tuple(label_columns)
        self.label_options: dict[str, Any] = dict(
            list_classes=list_classes, label_map=label_map, multi_label=multi_label
        )
        self.split = None if split is None else Split(**split)
        self.source, self.family = source, family
        self.allow_missing_classes = allow_missing_classes
        self.list_hashes: dict[str, str] = {}
        self.first_index = 0
        if metainfo and 'classes' in metainfo:
            metainfo = {**metainfo, 'classes': read_classes(metainfo['classes'])}
        super().__init__(
            on_bad=on_bad,
            max_bad_ratio=max_bad_ratio,
            clip_timeout_sec=clip_timeout_sec,
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
        self.read()
        try:
            check_parts([self])
            check_all_classes([self], self.test_mode or self.allow_missing_classes or self._indices is not None)
        except ListError:
            self._fully_initialized = False
            raise

    def load_data_list(self) -> list[dict]:
        """Read and check the list; return the entries of its part."""
        entries, self._split_values = self._list.read(unique=self.test_mode)
        self.list_hashes = {self.ann_file: list_hash(self.ann_file)}
        if self.share < 1 and entries:
            order = np.random.default_rng(self.share_seed).permutation(len(entries))
            kept = sorted(order[: max(1, round(self.share * len(entries)))].tolist())
            entries = [entries[index] for index in kept]
        # MMEngine cannot serialize an empty list, which a part of a concatenation may be
        self.serialize_data = self.serialize_data and bool(entries)
        return entries

    @property
    def _list(self) -> LabelledList:
        labels: ClassLabels | NumberLabels = NumberLabels(self.label_columns)
        if 'classes' in self.metainfo:
            labels = ClassLabels(self.metainfo['classes'], **self.label_options)
        # ids and subjects mean the same within one list and, by default, within the lists of one folder
        family = family_of(self.family, self.source, self.data_root)
        return LabelledList(self.ann_file, self.data_root, labels, self.split, family)

    def split_values(self) -> list[str]:
        """Return the values of the split's column, any of which can be held out: 1, 2, ..., 10.

        Only the list and its labels are read; `held_out` need not be set yet.

        Raises:
            ConfigError: There is no split.
            ListError: The list cannot be read.
        """
        if self.split is None:
            raise ConfigError(f'{self.ann_file}: the data set has no split, so there are no folds')
        return self._split_values if self._fully_initialized else self._list.split_values()

    def clip_refs(self) -> Iterator[ClipRef]:
        """Yield a reference to each clip, by which clips of other data sets are recognised as the same or related."""
        return self._list.refs(super(AVClipDataset, self).get_data_info(index) for index in range(len(self)))

    def labels(self) -> Iterator[int | tuple[int, ...] | list[float]]:
        """Yield the class index of each clip; with `multi_label` a tuple of them, with `label_columns` the numbers."""
        return (super(AVClipDataset, self).get_data_info(index)['label'] for index in range(len(self)))

    def class_indices(self) -> np.ndarray:
        """Return the class index of each clip, (N,) int64; of a clip with several classes the lowest.

        Raises:
            ConfigError: The data set has no classes.
        """
        if 'classes' not in self.metainfo:
            raise ConfigError(f'{self.ann_file}: the data set has no classes: set metainfo=dict(classes=[...])')
        return np.array([label[0] if isinstance(label, tuple) else label for label in self.labels()], dtype=np.int64)

    def shards(self) -> Iterator[str]:
        """Yield the path of the shard that holds each clip.

        Raises:
            ConfigError: A clip is not in a shard.
        """
        for index in range(len(self)):
            shard = os.path.dirname(os.path.join(self.data_root, super().get_data_info(index)['video']))
            if not shard.endswith(SUFFIX):
                raise ConfigError(f'{self.ann_file}: not all clips are in shards: use KeyedSampler instead')
            yield shard

    def shard_indices(self) -> np.ndarray:
        """Return the number of each clip's shard, (N,) int64, from 0 to number of shards - 1; see `shards`."""
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
