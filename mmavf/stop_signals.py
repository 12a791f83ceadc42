"""SIGTERM and Ctrl-C: a run ends where it can be resumed, says so, and never misses either signal.

SIGTERM comes from batch systems and spot instances some time before SIGKILL. A training finishes its step and
writes a checkpoint; anything else is stopped immediately. Ctrl-C (SIGINT) stops everything immediately but for a file
that is being written. Python raises KeyboardInterrupt wherever it is, and in a destructor or a callback it is lost;
`check`, called once a step, raises it again.
"""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

GRACE_SEC = 20.0  # batch systems wait 30 s before they kill
STORE_KEY = 'mmavf/stop_after'
PARENT_VARIABLE = 'MMAVF_PARENT'
PR_SET_PDEATHSIG = 1
NAMES: dict[int, str] = {signal.SIGTERM: 'SIGTERM', signal.SIGINT: 'Ctrl-C'}


def log_handlers() -> list[logging.Handler]:
    """Return the handlers of MMEngine's log; it has none before MMEngine is loaded, which takes time."""
    loaded = sys.modules.get('mmengine.logging')
    return loaded.MMLogger.get_current_instance().handlers if loaded else []


def is_distributed() -> bool:
    """Return whether the process is in a group; it is in none before PyTorch is loaded, which takes seconds."""
    loaded = sys.modules.get('torch.distributed')
    return loaded is not None and loaded.is_initialized()


class Stopped(KeyboardInterrupt):
    """The process received a stop signal; a KeyboardInterrupt, so that no `except Exception` takes it for a fault."""


class StopSignals:
    """State of the stop signals that the process received; its one instance is `stops`.

    Attributes:
        received: The signal that came first; None before.
        in_steps: Whether a training steps, so that SIGTERM waits for the end of one.
        outcome: Called at the end for a sentence on what was saved and how to continue.
        grace_sec: Seconds after SIGTERM in which the process ends, whatever it does.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self.forget()

    def forget(self) -> None:
        """Reset, as if no signal had come."""
        self.received: int | None = None
        self.in_steps = False
        self.outcome: Callable[[], str] = str
        self._received_at = 0.0
        self.grace_sec = GRACE_SEC
        self._held_back = 0

    def left_sec(self) -> float:
        """Return the seconds left until a process that received a signal should have ended."""
        return self.grace_sec - (time.monotonic() - self._received_at)

    def handle(self, number: int, frame: object) -> None:
        """Handle a signal."""
        if os.getpid() != self._pid:
            return  # a child between its fork and its own handlers: its parent ends it
        if self.received is not None:
            if number == signal.SIGINT and self.received == signal.SIGTERM:
                os._exit(128 + number)
            return  # batch systems and torchrun send it to all processes, and to some twice
        self.received, self._received_at = number, time.monotonic()
        if number == signal.SIGINT and 'TORCHELASTIC_RUN_ID' not in os.environ:
            signal.signal(number, signal.SIG_DFL)  # a second one ends the process, whatever it does
        if number == signal.SIGTERM:
            threading.Thread(target=self._end_in_time, daemon=True).start()
        self.check()

    def check(self) -> None:
        """Stop if a signal says so and nothing holds it back.

        Raises:
            Stopped: It does.
        """
        waits = self._held_back or (self.in_steps and self.received == signal.SIGTERM)
        if self.received is not None and not waits:
            raise Stopped

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let signals wait until the end of the block, as while a checkpoint is written."""
        self._held_back += 1
        try:
            yield
        finally:
            self._held_back -= 1
        self.check()

    def text(self) -> str:
        """Return the final message."""
        return f'Stopped by {NAMES.get(self.received or 0, "KeyboardInterrupt")}. {self.outcome()}'.strip()

    def show(self) -> None:
        """Write the final message to the screen, by one process of several, and to the log file."""
        if int(os.environ.get('RANK', 0)) == 0:
            sys.stderr.write(f'{self.text()}\n')
            sys.stderr.flush()
            record = logging.LogRecord('mmavf', logging.WARNING, __file__, 0, self.text(), None, None)
            for handler in log_handlers():
                if isinstance(handler, logging.FileHandler):
                    handler.handle(record)

    def _end_in_time(self) -> None:
        """End the process if it has not ended in time: in a long step, or waiting for a process that is gone."""
        received_at = self._received_at
        time.sleep(self.grace_sec)
        if self._held_back:  # a file is being written: let it be
            time.sleep(self.grace_sec / 2)
        if self.received is not None and self._received_at == received_at:
            if self.in_steps:
                outcome, sec = self.outcome(), self.grace_sec
                self.outcome = lambda: f'No step ended within {sec:.0f} s, so nothing was saved. {outcome}'
            self.show()
            os._exit(128 + self.received)


stops = StopSignals()


@contextmanager
def stop_signals() -> Iterator[None]:
    """Handle SIGTERM and SIGINT by `stops` inside the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stops._pid = os.getpid()
    # who started the process in the background has it ignore Ctrl-C, which is for others then
    heeded = [number for number in NAMES if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, stops.handle) for number in heeded}
    try:
        yield
    finally:
        stops.forget()
        for number, handler in before.items():
            signal.signal(number, handler)


def end_stopped() -> int:
    """Say that a command was stopped, end what it started, and return its exit status: 128 + the signal."""
    status = 128 + (stops.received or signal.SIGINT)
    stops.show()
    kill_children()
    if is_distributed():  # other ranks may be gone, and leaving the group would wait for them
        logging.shutdown()
        os._exit(status)
    return status


def agree_on_stop(proposed: int) -> int | None:
    """Agree with the other ranks on the iteration to stop after, without waiting for any of them.

    Rank 0 decides, the others look it up in the group's store. Called in each step from the signal on, and not before:
    a training pays nothing for it. Where rank 0 got no signal there is no decision, and each rank ends in time alone.

    Args:
        proposed: What rank 0 decides on: late enough for all ranks to know it in time.

    Returns:
        The iteration; None while there is no decision.
    """
    if not is_distributed():
        return proposed
    from torch import distributed as torch_dist

    store = torch_dist.distributed_c10d._get_default_store()
    if torch_dist.get_rank() == 0:
        store.set(STORE_KEY, str(proposed))
        return proposed
    return int(store.get(STORE_KEY)) if store.check([STORE_KEY]) else None


class ObeyParent:
    """Initialises a data worker that ends with its parent alone: batch systems and terminals signal all processes.

    Args:
        init: Further initialisation of a worker, called with its number.
    """

    def __init__(self, init: Callable[[int], None] | None) -> None:
        self._init = init

    def __call__(self, worker: int) -> None:
        """Set up the process of a worker."""
        for number in NAMES:
            signal.signal(number, signal.SIG_IGN)
        if self._init is not None:
            self._init(worker)


def end_with_parent() -> None:
    """Have this process killed when the one that started it dies, if it says so by `PARENT_VARIABLE` (its process id).

    Else a killed cross-validation would leave trainings behind, which keep their work dirs from the next one. Linux
    alone can do that.
    """
    parent = os.environ.pop(PARENT_VARIABLE, None)
    if parent is None or not sys.platform.startswith('linux'):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before
        os.kill(os.getpid(), signal.SIGKILL)


def kill_children() -> None:
    """Kill this process's children that Python would end by SIGTERM, which data workers ignore (see `ObeyParent`)."""
    children = [child for child in multiprocessing.active_children() if child.daemon]
    if children:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # PyTorch's handler raises when a worker is killed
    for child in children:
        child.kill()
