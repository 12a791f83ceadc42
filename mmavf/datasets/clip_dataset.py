"""Data set of audio-visual clips named by a list."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

import cv2
import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger
from torch.utils.data import get_worker_info

from mmavf.errors import ClipError, ConfigError, TooManyBadSamplesError
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

from .bad_samples import BadSampleLog
from .list_checks import check_paths, find_duplicates, parse_labels
from .lists import raise_problems, read_list
from .sample_rng import seeded


@DATASETS.register_module()
class AVClipDataset(BaseDataset):
    """Clips with video and sound, named by a list (see `read_list`), that is checked before training.

    An item is what the pipeline makes of a clip. It is asked for by a SampleKey (training: all its randomness derives
    from the key) or by a plain index (then the randomness derives from the index).

    Args:
        ann_file: The list, relative to `data_root` or absolute.
        data_root: What the paths in the list are relative to.
        pipeline: Transforms; the first gets `video_path`, `audio_path` ('' = the video file's own sound), `sample_id`,
            `index` and, where the list has them, `start`, `end`, `fps`, `subject`, `fold`, `gt_label`.
        metainfo: With `classes` (names, or a text file with one name per line) the list's column `label` is a class.
            Without, and without `label_columns`, labels are not looked at.
        label_columns: Columns with numbers to regress.
        on_bad: What happens in training when a clip cannot be used: 'raise' its ClipError, or 'skip' it: another one,
            drawn from the same key, takes its place, and the event is recorded.
        max_bad_ratio: With 'skip', the run stops when more than this share of the list's entries is bad.
        test_mode: Evaluation: nothing is skipped, and a clip that stands in the list twice is an error.
        indices: Use only the first n entries, or these.
        serialize_data: Keep the entries in one buffer that all workers share.
        lazy_init: Read and check the list at first use.

    Raises:
        ConfigError: An argument has an impossible value.
        ListError: The list cannot be read, or rows of it are wrong: unknown labels, paths that do not exist or may not
            be read, clips twice (`test_mode` only). One error names the first rows of all.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        pipeline: Sequence[dict | Callable] = (),
        metainfo: Mapping | None = None,
        label_columns: Sequence[str] = (),
        on_bad: Literal['skip', 'raise'] = 'skip',
        max_bad_ratio: float = 0.01,
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        lazy_init: bool = False,
    ) -> None:
        if on_bad not in ('skip', 'raise'):
            raise ConfigError(f"AVClipDataset: on_bad must be 'skip' or 'raise', not {on_bad!r}")
        if not 0 <= max_bad_ratio <= 1:
            raise ConfigError(f'AVClipDataset: max_bad_ratio must be in [0, 1], not {max_bad_ratio}')
        self.label_columns = tuple(label_columns)
        self.on_bad = on_bad
        self.max_bad_ratio = max_bad_ratio
        self._bad_samples_file: str | None = None
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
        """Read and check the list; return its entries."""
        classes = self.metainfo.get('classes')
        label_columns = self.label_columns if classes is None else ('label',)
        entries, problems = read_list(self.ann_file, label_columns)
        if label_columns:
            problems += parse_labels(entries, classes)
        problems += check_paths(entries, self.data_root)
        duplicates = find_duplicates(entries)
        if self.test_mode:
            problems += duplicates
        elif duplicates:
            MMLogger.get_current_instance().warning(
                f'{self.ann_file}: {len(duplicates)} of {len(entries)} entries name a clip that the list has already'
            )
        raise_problems(self.ann_file, problems)
        return entries

    def get_data_info(self, idx: int) -> dict:
        """Return what the pipeline gets for entry `idx`."""
        entry = super().get_data_info(idx)
        info = {key: entry[key] for key in ('start', 'end', 'fps', 'subject', 'fold') if key in entry}
        info['video_path'] = os.path.join(self.data_root, entry['video'])
        info['audio_path'] = os.path.join(self.data_root, entry['audio']) if 'audio' in entry else ''
        info['sample_id'] = entry.get('id') or _default_id(entry)
        info['index'] = entry['sample_idx']
        if 'label' in entry:
            info['gt_label'] = entry['label']
        return info

    def __getitem__(self, key: SampleKey | int) -> Any:
        """Return the sample of `key`.

        Raises:
            ClipError: It cannot be used, and `on_bad` is 'raise' or `test_mode` is on.
            TooManyBadSamplesError: Too many clips cannot be used, or all of them.
        """
        _use_one_thread_in_worker()
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
                with seeded(seed):
                    return self.pipeline(dict(clip))
            except ClipError as error:
                if self.test_mode or self.on_bad == 'raise':
                    raise
                self._bad_samples.record(clip, str(error))
                tried.add(index)
            if len(tried) == len(self):
                raise TooManyBadSamplesError(f'{self.ann_file}: none of the {len(self)} clips can be used')
            attempt += 1

    @property
    def bad_samples_file(self) -> str | None:
        """File that bad samples are recorded in (see BadSampleLog); set it before the data workers start."""
        return self._bad_samples_file

    @bad_samples_file.setter
    def bad_samples_file(self, path: str | None) -> None:
        self._bad_samples_file = path
        if self._fully_initialized:
            self._bad_samples.file = path


def _default_id(entry: dict) -> str:
    span = f'#{entry.get("start", 0):g}-{entry.get("end", "")}' if 'start' in entry or 'end' in entry else ''
    return entry['video'] + span


def _use_one_thread_in_worker() -> None:
    if get_worker_info() is not None:
        _use_one_thread()


@cache
def _use_one_thread() -> None:
    """Keep libraries from starting threads: the data workers are the parallelism."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
