"""A queue of jobs that run as processes of their own, several at a time."""

import os
import queue
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from mmavf.engine.launch import share_cores
from mmavf.engine.stop_signals import PARENT_VARIABLE
from mmavf.errors import MMAVFError

ERROR_LINE = re.compile(r'[\w.]+(Error|Exception): ')
ERROR_LINES = 5  # of the last error of a log that are shown


class Step(NamedTuple):
    """One process of a job.

    Attributes:
        name: Of what it does.
        command: Program and arguments.
        log: File that its output is appended to.
    """

    name: str
    command: Sequence[str | Path]
    log: Path


class Job(NamedTuple):
    """A series of processes that run one after the other in one slot.

    Attributes:
        name: Unique in its queue.
        steps: The processes. A generator is asked for the next one once the one before it has ended well; an
            MMAVFError from it fails the job.
    """

    name: str
    steps: Iterable[Step]


class JobFailedError(Exception):
    """A process of a job ended with an error, or a step of it cannot be run."""


class ProcessQueue:
    """Runs jobs in order, one per slot at a time. A job that fails does not stop the others.

    The processes share the machine's cores (see `share_cores`), and are killed if this process dies.

    Args:
        devices: A value of CUDA_VISIBLE_DEVICES per slot; None leaves the variable as it is.
        report: Called with a line whenever a step begins, or a job ends.
    """

    def __init__(self, devices: Sequence[str | None], report: Callable[[str], None]) -> None:
        self._num_slots = len(devices)
        self._devices: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for device in devices:
            self._devices.put(device)
        self._report = report
        self._running: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def run(self, jobs: Sequence[Job]) -> dict[str, str]:
        """Run all jobs; any exception in this thread, such as an interrupt, terminates the running processes.

        Returns:
            {name: reason} of the jobs that failed, in the order of `jobs`.
        """
        failed: dict[str, str] = {}
        at_a_time = max(1, min(self._num_slots, len(jobs)))
        with ThreadPoolExecutor(self._num_slots) as pool:
            runs = {pool.submit(self._run_job, job, share_cores(at_a_time)): job.name for job in jobs}
            try:
                for run in as_completed(runs):
                    error = run.exception()
                    if error is None:
                        self._report(f'{runs[run]}: done')
                    elif isinstance(error, JobFailedError):
                        failed[runs[run]] = str(error)
                        self._report(f'{runs[run]}: FAILED, {error}')
                    else:
                        raise error
            except BaseException:
                self._terminate()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return {job.name: failed[job.name] for job in jobs if job.name in failed}

    def _run_job(self, job: Job, share: dict[str, str]) -> None:
        device = self._devices.get()
        environment = os.environ | share | {PARENT_VARIABLE: str(os.getpid())}
        if device is not None:
            environment['CUDA_VISIBLE_DEVICES'] = device
        try:
            for step in job.steps:
                self._report(f'{job.name}: {step.name}' + ('' if device is None else f' on device {device}'))
                self._run_step(step, environment)
        except MMAVFError as error:
            raise JobFailedError(str(error)) from error
        finally:
            self._devices.put(device)

    def _run_step(self, step: Step, environment: dict[str, str]) -> None:
        with open(step.log, 'a') as output:
            with self._lock:
                if self._is_stopped:
                    raise JobFailedError('stopped')
                process = subprocess.Popen(step.command, env=environment, stdout=output, stderr=subprocess.STDOUT)
                self._running.add(process)
            status = process.wait()
            with self._lock:
                self._running.discard(process)
        if status:
            raise JobFailedError(f'{step.name} ended with status {status}: {last_error(step.log)} ({step.log})')

    def _terminate(self) -> None:
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.terminate()


def last_error(log: Path) -> str:
    """Return the last error of a log with its first lines, which may name clips; without one, the last line."""
    lines = [line.strip() for line in log.read_text(errors='replace').splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if ERROR_LINE.match(line)]
    shown = lines[starts[-1] :] if starts else lines[-1:] or ['no output']
    left = len(shown) - ERROR_LINES
    return ' '.join(shown[:ERROR_LINES]) + (f' … {left} more lines' if left > 0 else '')
