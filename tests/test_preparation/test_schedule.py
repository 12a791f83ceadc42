"""Which jobs there are, and when what is noted."""

import pytest

from mmavf.errors import PreparationError
from mmavf.preparation.outcome import ClipResult, ShardJob
from mmavf.preparation.raw_clip import RawClip
from mmavf.preparation.schedule import Schedule, make_units
from mmavf.preparation.worker_pool import WorkerCrash

CLIPS = [RawClip(id=f'c{i}', video='dialog.avi' if i < 3 else f'v{i}.mp4', audio=f'a{i // 2}.wav') for i in range(5)]


def result(job, reason=''):
    outcome = dict(id=f'{job.clip.id}_000', raw_id=job.clip.id, reason=reason)
    return ClipResult([outcome], dict.fromkeys(job.sources, 'ff'))


def test_each_source_is_hashed_by_one_job_alone():
    sources = [unit.jobs[0].sources for unit in make_units(CLIPS, None)]
    assert sources == [('dialog.avi', 'a0.wav'), (), ('a1.wav',), ('v3.mp4',), ('v4.mp4', 'a2.wav')]


def test_a_clip_is_noted_as_soon_as_it_is_done():
    schedule = Schedule(make_units(CLIPS, None))
    jobs = [schedule.next_job() for _ in CLIPS]
    assert schedule.next_job() is None
    for job in reversed(jobs):
        unit = schedule.take(job, result(job))
        assert unit.name == job.clip.id and unit.record()['outcomes'][0]['raw_id'] == job.clip.id


def test_a_shard_is_written_when_its_clips_are_there_and_noted_when_it_is_written():
    schedule = Schedule(make_units(CLIPS, 2))
    first, second, third = (schedule.next_job() for _ in range(3))
    assert schedule.take(third, result(third)) is None
    assert schedule.take(second, result(second)) is None
    assert schedule.take(first, result(first, 'no face')) is None
    shard = schedule.next_job()
    assert shard == ShardJob(0, (('c1_000', 'c1'),))
    unit = schedule.take(shard, None)
    assert unit.name == 'shard 0' and [outcome['id'] for outcome in unit.record()['outcomes']] == ['c0_000', 'c1_000']
    assert unit.is_done_by(unit.record()) and not next(make_units(CLIPS[1:], 2)).is_done_by(unit.record())


def test_a_shard_without_a_usable_clip_is_noted_without_being_written():
    schedule = Schedule(make_units(CLIPS[:2], 2))
    first, second = schedule.next_job(), schedule.next_job()
    assert schedule.take(first, WorkerCrash('it died')) is None
    unit = schedule.take(second, result(second, 'no face'))
    assert [outcome['reason'] for outcome in unit.record()['outcomes']] == ['it died', 'no face']
    assert unit.record()['sources'] == {'dialog.avi': None, 'a0.wav': None}
    assert schedule.next_job() is None


def test_a_shard_that_cannot_be_written_stops_the_run():
    with pytest.raises(PreparationError, match='shard 3 .*SIGKILL'):
        Schedule(iter(())).take(ShardJob(3, ()), WorkerCrash('the process died (SIGKILL)'))
