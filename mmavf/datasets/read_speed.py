"""Measurement of reading speed."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch.utils.data import Dataset

from mmavf.errors import ClipError
from mmavf.structures import SampleKey

from .media.shard import in_shard, index_path


class Reading(NamedTuple):
    """Time taken to read clips one after another in one process.

    Attributes:
        clips: Clips that could be read.
        faults: Why the others could not.
        elapsed_sec: Wall-clock time, including waiting for the storage.
        processor_sec: Processor time of the process, which does not depend on other processes.
    """

    clips: int
    faults: list[str]
    elapsed_sec: float
    processor_sec: float


def read_clips(dataset: Dataset, indices: Iterable[int]) -> Reading:
    """Run clips through the data set's pipeline as in the first epoch of training.

    Args:
        dataset: An AVClipDataset with `on_bad='raise'`, or a ConcatClipDataset of such.
        indices: The clips to read.
    """
    faults, clips = [], 0
    elapsed, processor = time.perf_counter(), time.process_time()
    for index in indices:
        try:
            dataset[SampleKey(index, 0, 0, index)]
            clips += 1
        except ClipError as error:
            faults.append(str(error))
    return Reading(clips, faults, time.perf_counter() - elapsed, time.process_time() - processor)


def best_seconds(work: Callable[[], None], repeats: int) -> float:
    """Return the smallest processor time of `work` over `repeats` runs, after one warm-up run."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def clip_files(info: dict) -> list[str]:
    """Return the files that are read for a clip; `info` comes from `get_data_info`."""
    files = []
    for path in filter(None, (info['video_path'], info['audio_path'])):
        if os.path.isdir(path):
            files += [entry.path for entry in os.scandir(path)]
        elif in_shard(path):
            shard = os.path.dirname(path)
            files += [shard, str(index_path(shard))]
        else:
            files.append(path)
    return files


def drop_from_memory(files: Sequence[str | Path]) -> None:
    """Ask the system to drop its cached contents of files.

    It keeps their metadata, and a host or storage server may keep its own cache, so the next reading is at best as slow
    as after a restart of this machine.
    """
    for path in files:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)  # unwritten data cannot be dropped
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)
