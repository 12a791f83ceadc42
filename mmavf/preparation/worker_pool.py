"""Processes that do jobs one at a time, and survive a job that kills its process or never ends."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import inf
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, NamedTuple, cast

from mmavf.errors import MMAVFError

ATTEMPTS = 2  # of a job whose process dies: once may be chance, such as a lack of memory that others caused

LONGEST_WAIT_SEC = 3600.0  # at a time: the system's timers take no more than some weeks

RENEW_AFTER = 2000  # jobs: the libraries that decode lose some kilobytes with every file


# What is likely where the system ends a process, and what helps.
HINTS = dict(
    SIGKILL='; most often that is for lack of memory: try again with fewer processes',
    SIGSEGV='; most often that is a fault of a decoder: write the file anew',
)


class Died(NamedTuple):
    """Takes the place of the result of a job whose process died each time, or had to be ended; `reason` says how."""

    reason: str


class WorkerPool:
    """Runs jobs in processes of their own.

    A standard executor is broken as a whole when one of its processes dies, and does not say by which job. Here every
    process has one job in its hand and a pipe of its own, so that the job is known and the others go on. Processes end
    when the one that made the pool does, however that ends; interruptions (SIGINT, SIGTERM) are left to it.

    Use it as a context: the processes are there inside of it.

    Args:
        make: Called once in each process with `args`; what it returns is called with each job. It and the jobs must be
            importable and picklable.
        args: What `make` gets.
        size: Number of processes.
        limit_sec: What tells of a job how many seconds it may take from the moment at which its process takes it up;
            after that the process is ended, and the job is not tried again. None: without limit.
        limit_name: What sets that limit, for messages.
    """

    def __init__(
        self,
        make: Callable[..., Callable[[Any], Any]],
        args: tuple,
        size: int,
        limit_sec: Callable[[Any], float] | None = None,
        limit_name: str = '',
    ) -> None:
        # a fork of this process would inherit its threads' locks; the server is forked before there are any, and has
        # imported everything already, so that a new process takes milliseconds
        self._context = multiprocessing.get_context('forkserver')
        self._context.set_forkserver_preload([make.__module__])
        self._make, self._args, self._size = make, args, size
        self._limit_sec, self._limit_name = limit_sec or (lambda job: inf), limit_name
        self._workers: set[_Worker] = set()  # all of them: one whose result is being received is neither idle nor busy
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, _Worker] = {}

    def __enter__(self) -> 'WorkerPool':
        self._idle = [self._new_worker() for _ in range(self._size)]
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers, self._idle, self._busy = set(), [], {}

    def run(self, next_job: Callable[[], Any]) -> Iterator[tuple[Any, Any]]:
        """Do jobs and yield each with its result, or with `Died`, in the order in which they are done.

        Args:
            next_job: Returns the next job, or None when there is none at present. It is asked again after every
                result; the run ends when it returns None while no job is being done.

        Raises:
            MMAVFError: One that a job raised.
        """
        while True:
            while self._idle and (job := next_job()) is not None:
                self._start(self._idle.pop(), job)
            if not self._busy:
                return
            for connection in wait(list(self._busy), self._seconds_left()):
                worker = self._busy[cast(Connection, connection)]
                job = worker.job
                result = self._receive(worker)
                if isinstance(result, MMAVFError):
                    raise result
                if result is not None:
                    yield job, result.value
            for worker in [worker for worker in self._busy.values() if worker.ends <= monotonic()]:
                yield worker.job, self._end_late(worker)

    def _seconds_left(self) -> float | None:
        """Return how long it is until the first job has to be done; None where none has to."""
        ends = min(worker.ends for worker in self._busy.values())
        return None if ends == inf else max(0.0, min(ends - monotonic(), LONGEST_WAIT_SEC))

    def _end_late(self, worker: '_Worker') -> Died:
        """End a process that is late with its job."""
        del self._busy[worker.connection]
        self._kill(worker)
        self._idle.append(self._new_worker())
        name = f' ({self._limit_name})' if self._limit_name else ''
        return Died(f'not done within {self._limit_sec(worker.job):g} s{name}')

    def _new_worker(self) -> '_Worker':
        worker = _Worker(self._context, self._make, self._args)
        self._workers.add(worker)
        return worker

    def _kill(self, worker: '_Worker', grace_sec: float = 0) -> str:
        reason = worker.kill(grace_sec)
        self._workers.remove(worker)
        return reason

    def _start(self, worker: '_Worker', job: Any, attempt: int = 1) -> None:
        worker.job, worker.attempt, worker.ends = job, attempt, inf
        self._busy[worker.connection] = worker
        with suppress(OSError):  # it died while it was idle: seen when its pipe is read
            worker.connection.send(job)

    def _receive(self, worker: '_Worker') -> 'MMAVFError | _Result | None':
        """Return what a worker sends; None when it took up its job, or died and its job is begun once more."""
        try:
            result = worker.connection.recv()
            if isinstance(result, _TakenUp):
                worker.ends = monotonic() + self._limit_sec(worker.job)
                return None
            del self._busy[worker.connection]
        except (EOFError, ConnectionError):
            del self._busy[worker.connection]
            reason = self._kill(worker, grace_sec=5)
            successor = self._new_worker()
            if worker.attempt < ATTEMPTS:
                self._start(successor, worker.job, worker.attempt + 1)
                return None
            self._idle.append(successor)
            return _Result(Died(reason))
        worker.done += 1
        if worker.done == RENEW_AFTER:
            self._kill(worker)
            worker = self._new_worker()
        self._idle.append(worker)
        return result


class _TakenUp(NamedTuple):
    """Says that a process begins with the job that it was sent; what it needed to be ready does not count."""


class _Result(NamedTuple):
    value: Any


class _Worker:
    """A process with its pipe, the job in its hand, when that has to be done, and how many jobs it has done."""

    def __init__(self, context: Any, make: Callable, args: tuple) -> None:
        self.connection, theirs = context.Pipe()
        self.job, self.attempt, self.ends, self.done = None, 0, inf, 0
        self._process = context.Process(target=_work, args=(theirs, make, args), daemon=True)
        self._process.start()
        theirs.close()  # else its end would not be seen

    def kill(self, grace_sec: float = 0) -> str:
        """End the process, unless it ends by itself within `grace_sec`; return how it ended. It may be called again."""
        self._process.join(grace_sec)
        self._process.kill()
        self._process.join()
        self.connection.close()
        code = self._process.exitcode
        how = signal.Signals(-code).name if code < 0 else f'exit status {code}'
        return f'the process that worked on it died ({how}){HINTS.get(how, "")}'


def _work(connection: Connection, make: Callable, args: tuple) -> None:
    """Do the jobs that come through the pipe; what a process runs."""
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    do = make(*args)
    gc.collect()
    gc.freeze()  # what is there stays there: collections after a clip look at that clip alone
    while True:
        try:
            job = connection.recv()
        except (EOFError, ConnectionError):  # the latter where the last result was not read
            return
        try:
            connection.send(_TakenUp())
            connection.send(_outcome(do, job))
        except ConnectionError:
            return
        gc.collect()  # a PyAV container is part of a cycle: each would hold 0.6 MiB and an open file until later


def _outcome(do: Callable[[Any], Any], job: Any) -> _Result | MMAVFError:
    try:
        return _Result(do(job))
    except MMAVFError as error:
        return error


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
    os._exit(1)
