"""Work on the clips of a list in several processes, with a progress bar."""

from collections.abc import Callable, Sequence
from typing import Any

from mmavf.preparation.progress import ClipProgress
from mmavf.preparation.worker_pool import WorkerCrash, WorkerPool


def run_clip_jobs(
    make: Callable[..., Callable[[Any], Any]],
    args: tuple,
    jobs: Sequence[Any],
    crashed: Callable[[Any, str], Any],
    workers: int,
    timeout_sec: float,
) -> list[Any]:
    """Do a job for each clip.

    Args:
        make: Returns the function that does a job, in each process; see `WorkerPool`. It gets the job's number, from 0,
            and the job.
        args: Its arguments.
        jobs: One per clip.
        crashed: Returns the result of a job whose process died or took too long, from the job and the reason.
        workers: Processes.
        timeout_sec: Limit of one job, which the option `--clip-timeout` sets.

    Returns:
        In the order of the jobs, each with an `error`: why the clip cannot be used, or ''.
    """
    numbered = enumerate(jobs)
    found: dict[int, Any] = {}
    pool = WorkerPool(make, args, min(workers, len(jobs)), lambda job: timeout_sec, '--clip-timeout')
    with ClipProgress(len(jobs), 0) as bar, pool:
        for (number, job), result in pool.run(lambda: next(numbered, None)):
            found[number] = crashed(job, result.reason) if isinstance(result, WorkerCrash) else result
            bar.add(found[number].error != '')
    return [found[number] for number in range(len(jobs))]
