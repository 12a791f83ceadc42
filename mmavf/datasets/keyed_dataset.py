"""Data sets whose items are requested by keys; handling of clips that cannot be used."""

from typing import Any, Literal

import numpy as np
from mmengine.dataset import BaseDataset

from mmavf.errors import ClipError, ConfigError, TooManyBadSamplesError
from mmavf.structures import AVDataSample, SampleKey

from .bad_samples import BadSampleLog
from .clip_boundary import ClipBoundary
from .deadline import call_within
from .sample_rng import seeded
from .worker_process import settle_worker


class KeyedDataset(BaseDataset):
    """Data set whose items are requested by SampleKeys, from which all their randomness derives.

    Args:
        on_bad: What happens to a clip that cannot be used; see AVClipDataset.
        max_bad_ratio: With 'skip', largest share of bad entries.
        clip_timeout_sec: Time limit for a clip; None: no limit.
        **options: Options of MMEngine's BaseDataset.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    def __init__(
        self, on_bad: Literal['skip', 'raise'], max_bad_ratio: float, clip_timeout_sec: float | None, **options: Any
    ) -> None:
        name = type(self).__name__
        if on_bad not in ('skip', 'raise'):
            raise ConfigError(f"{name}: on_bad must be 'skip' or 'raise', not {on_bad!r}")
        if not 0 <= max_bad_ratio <= 1:
            raise ConfigError(f'{name}: max_bad_ratio must be in [0, 1], not {max_bad_ratio}')
        if clip_timeout_sec is not None and not clip_timeout_sec > 0:
            raise ConfigError(f'{name}: clip_timeout_sec must be positive or None, not {clip_timeout_sec}')
        self.on_bad = on_bad
        self.max_bad_ratio = max_bad_ratio
        self.clip_timeout_sec = clip_timeout_sec
        self._bad_samples_file: str | None = None
        super().__init__(**options)

    def full_init(self) -> None:
        """Read and check the list, unless that has been done."""
        self.read()

    def read(self) -> None:
        """Read and check the list as a part of a larger data set, unless that has been done.

        Not checked is what only the whole must have: clips, a clip of every class, the held-out value.
        """
        if self._fully_initialized:
            return
        super().full_init()
        self._bad_samples = BadSampleLog(self.ann_file, len(self), self.max_bad_ratio)
        self._bad_samples.file = self._bad_samples_file

    @property
    def bad_samples_file(self) -> str | None:
        """File to record bad samples in (see BadSampleLog); set it before the data workers start."""
        return self._bad_samples_file

    @bad_samples_file.setter
    def bad_samples_file(self, path: str | None) -> None:
        """Set it, also for a list that is read already."""
        self._bad_samples_file = path
        if self._fully_initialized:
            self._bad_samples.file = path

    def __getitem__(self, key: SampleKey | int) -> Any:
        """Return the sample of `key`.

        In `test_mode` with `on_bad='skip'`, a clip that cannot be used gives `dict(inputs=None, data_samples)`; the
        meta information of its AVDataSample holds the reason as `error` and what the list says about the clip.

        Raises:
            ClipError: The clip cannot be used, and `on_bad` is 'raise'.
            TooManyBadSamplesError: Too many clips cannot be used, or all of them.
        """
        settle_worker()
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
                # this thread seeds and restores the generators, whatever happens to the thread with the time limit
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
        if sample is None:  # how MMEngine's transforms reject a clip, without a reason
            raise ClipError('a transform returned None for this clip')
        return sample


def _failure(clip: dict, error: str) -> dict:
    meta = {key: value for key, value in clip.items() if not key.startswith('gt_')}
    return dict(inputs=None, data_samples=AVDataSample(metainfo=meta | dict(error=error)))
