"""Jobs of a preparation, their order, and units of jobs that are recorded together."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from mmavf.errors import PreparationError

from .outcome import ClipJob, ClipResult, Outcome, ShardJob
from .raw_clip import RawClip
from .worker_pool import WorkerCrash


class Unit:
    """Clips that are recorded as done together: one, or those of a shard.

    Args:
        name: Its name in the journal.
        jobs: Their jobs.
    """

    def __init__(self, name: str, jobs: list[ClipJob]) -> None:
        self.name, self.jobs = name, jobs
        self._results: dict[str, ClipResult] = {}

    @property
    def is_complete(self) -> bool:
        """Whether all its clips have been prepared."""
        return len(self._results) == len(self.jobs)

    def add(self, job: ClipJob, result: ClipResult) -> None:
        """Add the result of one of its jobs."""
        self._results[job.clip.id] = result

    def record(self) -> dict:
        """Return the record for the journal: `outcomes` in the order of the clips, and `sources`."""
        results = [self._results[job.clip.id] for job in self.jobs]
        sources = {path: digest for result in results for path, digest in result.sources.items()}
        return dict(outcomes=[outcome for result in results for outcome in result.outcomes], sources=sources)

    def is_done_by(self, record: dict | None) -> bool:
        """Return whether `record` is about exactly its clips."""
        done = {outcome['raw_id'] for outcome in record['outcomes']} if record else set()
        return done == {job.clip.id for job in self.jobs}


def make_units(clips: Sequence[RawClip], shard_clips: int | None) -> Iterator[Unit]:
    """Yield the units of a set, one at a time, because there may be a million of them.

    Args:
        clips: Its clips in order.
        shard_clips: Raw clips per shard; None without shards.
    """
    seen: set[str] = set()
    for first in range(0, len(clips), shard_clips or 1):
        jobs = []
        for clip in clips[first : first + (shard_clips or 1)]:
            sources = tuple(path for path in dict.fromkeys((clip.video, clip.audio)) if path and path not in seen)
            seen.update(sources)
            jobs.append(ClipJob(clip, sources, None if shard_clips is None else first // shard_clips))
        yield Unit(clips[first].id if shard_clips is None else f'shard {first // shard_clips}', jobs)


class Schedule:
    """Hands out the jobs of units and collects their results.

    Args:
        units: The units that are not done.
    """

    def __init__(self, units: Iterator[Unit]) -> None:
        self._units = units
        self._open: dict[str, Unit] = {}  # by the ids of their clips
        self._jobs: deque[ClipJob | ShardJob] = deque()
        self._shards: dict[int, Unit] = {}

    def next_job(self) -> ClipJob | ShardJob | None:
        """Return the next job; None if all are done or being done."""
        if not self._jobs and (unit := next(self._units, None)):
            self._jobs.extend(unit.jobs)
            self._open |= {job.clip.id: unit for job in unit.jobs}
        return self._jobs.popleft() if self._jobs else None

    def take(self, job: ClipJob | ShardJob, result: ClipResult | WorkerCrash | None) -> Unit | None:
        """Add the result of a job; return the unit that it completes, if any.

        Raises:
            PreparationError: A shard could not be written.
        """
        if isinstance(job, ShardJob):
            if isinstance(result, WorkerCrash):
                raise PreparationError(f'shard {job.number} cannot be written: {result.reason}')
            return self._shards.pop(job.number)
        if isinstance(result, WorkerCrash):
            failure = Outcome(id=job.clip.id, raw_id=job.clip.id, reason=result.reason)
            result = ClipResult([asdict(failure)], dict.fromkeys(job.sources))
        assert result is not None  # which only the jobs of shards have
        unit = self._open.pop(job.clip.id)
        unit.add(job, result)
        if not unit.is_complete:
            return None
        usable = tuple((o['id'], o['raw_id']) for o in unit.record()['outcomes'] if not o['reason'])
        if job.shard is None or not usable:
            return unit
        self._shards[job.shard] = unit
        self._jobs.appendleft(ShardJob(job.shard, usable))  # first, because its clips take space in the work folder
        return None
