"""A queue of jobs that run as processes of their own, several at a time."""

import os
import queue
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from signal import Signals
from typing import NamedTuple

from mmavf.engine.launch import share_cores
from mmavf.errors import MMAVFError
from mmavf.stop_signals import PARENT_VARIABLE

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
        needs: Name of an earlier job of the queue that has to end well first.
    """

    name: str
    steps: Iterable[Step]
    needs: str | None = None


class JobFailedError(Exception):
    """A process of a job ended with an error, or a step of it cannot be run."""


class ProcessQueue:
    """Runs jobs in order, one per slot at a time, each once what it needs is done.

    A job that fails does not stop the others, except for those that need it.

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
        share = share_cores(max(1, min(self._num_slots, len(jobs))))
        waiting, done, runs = list(jobs), set[str](), dict[Future, str]()
        with ThreadPoolExecutor(self._num_slots) as pool:
            try:
                while waiting or runs:
                    for job in waiting:
                        if job.needs in failed:
                            failed[job.name] = f'{job.needs} failed'
                    able = [job for job in waiting if job.needs is None or job.needs in done]
                    ready = able[: self._num_slots - len(runs)]  # no more: a job that ends may free an earlier one
                    waiting = [job for job in waiting if job not in ready and job.name not in failed]
                    runs |= {pool.submit(self._run_job, job, share): job.name for job in ready}
                    for run in wait(runs, return_when=FIRST_COMPLETED).done:
                        self._note_end(runs.pop(run), run.exception(), done, failed)
            except BaseException:
                self._terminate()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return {job.name: failed[job.name] for job in jobs if job.name in failed}

    def _note_end(self, name: str, error: BaseException | None, done: set[str], failed: dict[str, str]) -> None:
        if error is None:
            done.add(name)
            self._report(f'{name}: done')
        elif isinstance(error, JobFailedError):
            failed[name] = str(error)
            self._report(f'{name}: FAILED, {error}')
        else:
            raise error

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
            start = output.tell()  # what earlier attempts wrote is not this one's
            with self._lock:
                if self._is_stopped:
                    raise JobFailedError('stopped')
                process = subprocess.Popen(step.command, env=environment, stdout=output, stderr=subprocess.STDOUT)
                self._running.add(process)
            status = process.wait()
            with self._lock:
                self._running.discard(process)
        if status:
            how = f'ended with status {status}' if status > 0 else f'was ended by {Signals(-status).name}'
            raise JobFailedError(f'{step.name} {how}: {last_error(step.log, start)} ({step.log})')

    def _terminate(self) -> None:
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.terminate()


def last_error(log: Path, start: int = 0) -> str:
    """Return the last error of a log with its first lines, which may name clips; without one, the last line.

    Args:
        log: The file.
        start: Where to begin, in bytes.
    """
    text = log.read_bytes()[start:].decode(errors='replace')
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if ERROR_LINE.match(line)]
    shown = lines[starts[-1] :] if starts else lines[-1:] or ['no output']
    left = len(shown) - ERROR_LINES
    return ' '.join(shown[:ERROR_LINES]) + (f' … {left} more lines' if left > 0 else '')
