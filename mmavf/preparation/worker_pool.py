"""Processes that do jobs one at a time, and survive a job that kills its process."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from mmavf.errors import MMAVFError

ATTEMPTS = 2  # of a job whose process dies: once may be chance, such as a lack of memory that others caused

RENEW_AFTER = 2000  # jobs: the libraries that decode lose some kilobytes with every file


class Died(NamedTuple):
    """Takes the place of the result of a job whose process died each time; `reason` says how."""

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
    """

    def __init__(self, make: Callable[..., Callable[[Any], Any]], args: tuple, size: int) -> None:
        # a fork of this process would inherit its threads' locks; the server is forked before there are any, and has
        # imported everything already, so that a new process takes milliseconds
        self._context = multiprocessing.get_context('forkserver')
        self._context.set_forkserver_preload([make.__module__])
        self._make, self._args, self._size = make, args, size
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
            for connection in wait(list(self._busy)):
                worker = self._busy.pop(connection)
                job = worker.job
                result = self._receive(worker)
                if isinstance(result, MMAVFError):
                    raise result
                if result is not None:
                    yield job, result.value

    def _new_worker(self) -> '_Worker':
        worker = _Worker(self._context, self._make, self._args)
        self._workers.add(worker)
        return worker

    def _kill(self, worker: '_Worker', grace_sec: float = 0) -> str:
        reason = worker.kill(grace_sec)
        self._workers.remove(worker)
        return reason

    def _start(self, worker: '_Worker', job: Any, attempt: int = 1) -> None:
        worker.job, worker.attempt = job, attempt
        self._busy[worker.connection] = worker
        with suppress(OSError):  # it died while it was idle: seen when its pipe is read
            worker.connection.send(job)

    def _receive(self, worker: '_Worker') -> 'MMAVFError | _Result | None':
        """Return what a worker sends; None when it died and its job is begun once more."""
        try:
            result = worker.connection.recv()
        except (EOFError, ConnectionError):
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


class _Result(NamedTuple):
    value: Any


class _Worker:
    """A process with its pipe, the job in its hand, and the number of jobs that it has done."""

    def __init__(self, context: Any, make: Callable, args: tuple) -> None:
        self.connection, theirs = context.Pipe()
        self.job, self.attempt, self.done = None, 0, 0
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
        return f'the process that worked on it died ({how})'


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
            result = _Result(do(job))
        except MMAVFError as error:
            result = error
        try:
            connection.send(result)
        except ConnectionError:
            return
        gc.collect()  # a PyAV container is part of a cycle: each would hold 0.6 MiB and an open file until later


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
