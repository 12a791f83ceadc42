"""Set-up of data worker processes."""

import gc
from functools import cache
from itertools import count

import cv2
import torch
from torch.utils.data import get_worker_info

COLLECT_EVERY = 64  # clips per worker; a collection takes a millisecond or two

_clips = count(1)


def settle_worker() -> None:
    """Keep a data worker to one thread and its memory level; called for each clip, and no effect outside workers."""
    if get_worker_info() is None:
        return
    _settle_once()
    # media readers are parts of reference cycles; Python's own collector would keep thousands of them and their files
    if next(_clips) % COLLECT_EVERY == 0:
        gc.collect()


@cache
def _settle_once() -> None:
    """Keep libraries from starting threads, because the workers are the parallelism, and keep collections short."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    gc.freeze()  # what exists already stays, and its memory stays shared with the process that this one was forked from
