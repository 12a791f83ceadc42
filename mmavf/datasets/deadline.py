"""Time limit for calls, even if they hang in a decoder or in storage."""

import ctypes
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any

import torch

from mmavf.errors import ClipError

# Python code ends within milliseconds when told to; code outside Python when it returns, if ever.
GRACE_SEC = 1.0

_own = threading.local()


def call_within(seconds: float | None, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function and wait for its result or exception, up to a time limit.

    The call runs in a helper thread of the calling thread, with the caller's number of torch threads and numpy's
    handling of floating-point errors. If it is late, its thread is abandoned and ends as soon as it returns to Python
    code. Code that hangs while it holds Python's global lock is not covered.

    Args:
        seconds: The limit; None: no limit and no other thread.
        function: The function.
        args: Its arguments.

    Raises:
        ClipError: The call takes longer than the limit.
    """
    if seconds is None:
        return function(*args)
    helper = getattr(_own, 'helper', None)
    if helper is None or helper.pid != os.getpid():  # a fork does not copy threads
        helper = _own.helper = _Helper()
    try:
        return helper.call(seconds, function, args)
    except _Late:
        raise ClipError(
            f'it takes longer than {seconds:g} s (clip_timeout_sec): the file has no end, or its decoder or the '
            'storage hangs'
        ) from None
    finally:
        if helper.is_left:
            _own.helper = None


class _Late(Exception):
    """The time limit has passed."""


class _Leave(SystemExit):
    """Ends an abandoned thread; transforms that catch Exception do not catch it."""


class _Helper:
    """A thread that runs one call after another for the thread that created it."""

    def __init__(self) -> None:
        self.pid, self.is_left = os.getpid(), False
        self._calls: SimpleQueue[Any] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name='mmavf-clip', daemon=True)
        self._thread.start()

    def call(self, seconds: float, function: Callable[..., Any], args: tuple) -> Any:
        """Run a call and return its result; raise its error, or _Late after so many seconds."""
        self._calls.put((torch.get_num_threads(), copy_context(), function, args))
        is_done = False
        try:
            result, error = self._results.get(timeout=min(seconds, threading.TIMEOUT_MAX))
            is_done = True
        except Empty:
            raise _Late from None
        finally:
            if not is_done:  # also on Ctrl-C: a late result must not be taken for that of the next call
                self._leave()
        try:
            if error is not None:
                raise error
            return result
        finally:
            del (
                error
            )  # its traceback refers to this frame, which would keep the clip in memory until the next collection

    def _work(self) -> None:
        with suppress(_Leave):
            while not self.is_left and (call := self._calls.get()) is not None:
                self._results.put(_outcome(*call))
                del call  # holds no references while it waits

    def _leave(self) -> None:
        self.is_left = True
        self._calls.put(None)
        thread_id = ctypes.c_ulong(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread_id, ctypes.py_object(_Leave))
        self._thread.join(GRACE_SEC)


def _outcome(threads: int, context: Any, function: Callable[..., Any], args: tuple) -> tuple[Any, BaseException | None]:
    """Return the result of a call and None, or None and its exception."""
    try:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)  # a new thread starts with one per core
        return context.run(function, *args), None
    except BaseException as error:  # noqa: BLE001  (raised again in the thread that waits)
        return None, error
