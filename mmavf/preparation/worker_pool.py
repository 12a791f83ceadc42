"""A pool of processes that survives jobs which kill their process or never end."""

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

ATTEMPTS = 2  # of a job whose process dies: once may be chance, such as memory that others used up

LONGEST_WAIT_SEC = 3600.0  # at a time: system timers are limited to some weeks

RENEW_AFTER = 2000  # jobs: decoders leak some kilobytes per file


# The likely cause if the system ends a process, and a remedy.
HINTS = dict(
    SIGKILL='; usually for lack of memory: try again with fewer processes',
    SIGSEGV='; usually a bug in a decoder: re-encode the file',
)


class WorkerCrash(NamedTuple):
    """Replaces the result of a job whose process died at each attempt, or had to be ended; `reason` says how."""

    reason: str


class WorkerPool:
    """Runs jobs in processes of their own.

    A standard executor breaks as a whole when one of its processes dies, without saying which job it was. Here each
    process runs one job and has a pipe of its own, so that the job is known and the others continue. Processes end
    when the one that created the pool does, however that ends; interruptions (SIGINT, SIGTERM) are left to it.

    Use it as a context manager: the processes exist inside it.

    Args:
        make: Called once in each process with `args`; the result is called with each job. It must be importable, and
            the jobs picklable.
        args: Arguments of `make`.
        size: Number of processes.
        limit_sec: Returns how many seconds a job may take, from when its process starts it; after that the process is
            ended, and the job is not retried. None: no limit.
        limit_name: The option that sets the limit, for messages.
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
        # already imported everything, so that a new process takes milliseconds
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
        """Do jobs and yield each with its result, or with `WorkerCrash`, in order of completion.

        Args:
            next_job: Returns the next job, or None if there is none at present. It is called again after every result;
                the run ends when it returns None while no job is running.

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
        """Return the time until the first deadline; None if there is none."""
        ends = min(worker.ends for worker in self._busy.values())
        return None if ends == inf else max(0.0, min(ends - monotonic(), LONGEST_WAIT_SEC))

    def _end_late(self, worker: '_Worker') -> WorkerCrash:
        """End a process that exceeded the limit of its job."""
        del self._busy[worker.connection]
        self._kill(worker)
        self._idle.append(self._new_worker())
        name = f' ({self._limit_name})' if self._limit_name else ''
        return WorkerCrash(f'not done within {self._limit_sec(worker.job):g} s{name}')

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
        with suppress(OSError):  # it died while idle: noticed when its pipe is read
            worker.connection.send(job)

    def _receive(self, worker: '_Worker') -> 'MMAVFError | _Result | None':
        """Return what a worker sends; None if it started its job, or died and its job is retried."""
        try:
            result = worker.connection.recv()
            if isinstance(result, _Started):
                worker.ends = monotonic() + self._limit_sec(worker.job)
                return None
            del self._busy[worker.connection]
        except (EOFError, OSError):  # the latter where it died in the middle of a message
            del self._busy[worker.connection]
            reason = self._kill(worker, grace_sec=5)
            successor = self._new_worker()
            if worker.attempt < ATTEMPTS:
                self._start(successor, worker.job, worker.attempt + 1)
                return None
            self._idle.append(successor)
            return _Result(WorkerCrash(reason))
        worker.done += 1
        if worker.done == RENEW_AFTER:
            self._kill(worker)
            worker = self._new_worker()
        self._idle.append(worker)
        return result


class _Started(NamedTuple):
    """Sent when a process starts its job; the time to get ready does not count."""


class _Result(NamedTuple):
    value: Any


class _Worker:
    """A process with its pipe, its job, the deadline of that, and the number of jobs done."""

    def __init__(self, context: Any, make: Callable, args: tuple) -> None:
        self.connection, theirs = context.Pipe()
        self.job, self.attempt, self.ends, self.done = None, 0, inf, 0
        self._process = context.Process(target=_work, args=(theirs, make, args), daemon=True)
        self._process.start()
        theirs.close()  # else its end would go unnoticed

    def kill(self, grace_sec: float = 0) -> str:
        """End the process, unless it ends by itself within `grace_sec`; return how it ended. It may be called again."""
        self._process.join(grace_sec)
        self._process.kill()
        self._process.join()
        self.connection.close()
        code = self._process.exitcode
        how = signal.Signals(-code).name if code < 0 else f'exit status {code}'
        return f'its process died ({how}){HINTS.get(how, "")}'


def _work(connection: Connection, make: Callable, args: tuple) -> None:
    """Do the jobs that come through the pipe: the main function of a process."""
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    do = make(*args)
    gc.collect()
    gc.freeze()  # permanent objects: collections after a clip need to look only at that clip
    while True:
        try:
            job = connection.recv()
        except (EOFError, ConnectionError):  # the latter if the last result was not read
            return
        try:
            connection.send(_Started())
            connection.send(_outcome(do, job))
        except ConnectionError:
            return
        gc.collect()  # a PyAV container is part of a reference cycle: each would keep 0.6 MiB and an open file


def _outcome(do: Callable[[Any], Any], job: Any) -> _Result | MMAVFError:
    try:
        return _Result(do(job))
    except MMAVFError as error:
        return error


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
    os._exit(1)
