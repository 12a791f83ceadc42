"""Work of an iterator in a thread of its own, so that decoding goes on while the model computes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event
from typing import Any, TypeVar

T = TypeVar('T')

WAIT_SEC = 0.1
_END = object()


def prefetch(items: Iterator[T], ahead: int) -> Iterator[T]:
    """Yield the items of an iterator that runs in a thread, at most `ahead` items before its consumer.

    An error of the iterator is raised here, after the items before it. If the consumer stops early, the thread ends.

    Args:
        items: The iterator; nothing else may use it.
        ahead: At least 1.
    """
    waiting: Queue[Any] = Queue(ahead)
    stopped = Event()
    with ThreadPoolExecutor(1, 'mmavf-prefetch') as executor:
        filled = executor.submit(_fill, items, waiting, stopped)
        try:
            while (item := waiting.get()) is not _END:
                yield item
            filled.result()  # raises what the iterator raised
        finally:
            stopped.set()
            with suppress(Empty):
                waiting.get_nowait()


def _fill(items: Iterator, waiting: Queue, stopped: Event) -> None:
    try:
        for item in items:
            _put(waiting, item, stopped)
            if stopped.is_set():
                return
    finally:
        _put(waiting, _END, stopped)


def _put(waiting: Queue, item: object, stopped: Event) -> None:
    while not stopped.is_set():
        with suppress(Full):
            waiting.put(item, timeout=WAIT_SEC)
            return
