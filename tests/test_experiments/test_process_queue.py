"""A queue of processes: order, slots, failures, interrupts; the jobs are plain Python commands."""

import os
import signal
import sys
import threading
import time

import pytest

from mmavf.errors import CheckpointError
from mmavf.experiments.process_queue import Job, ProcessQueue, Step, last_error

NOTE = """
import os, sys, time
path, name, seconds = sys.argv[1:]
def note(what):
    with open(path, 'a') as file:
        file.write(f'{name} {what} {os.environ.get("CUDA_VISIBLE_DEVICES")} {os.environ["MMAVF_JOBS"]}\\n')
note('begins')
time.sleep(float(seconds))
note('ends')
"""


def job(folder, name, seconds=0.0, steps=('only',)):
    """A job that notes when its steps begin and end."""
    return Job(
        name,
        [
            Step(step, [sys.executable, '-c', NOTE, folder / 'notes', f'{name}.{step}', str(seconds)], folder / 'log')
            for step in steps
        ],
    )


def failing(folder, name, text='ValueError: no', status=3):
    code = f'import sys; print({text!r}); sys.exit({status})'
    return Job(name, [Step('only', [sys.executable, '-c', code], folder / f'{name}.log')])


def notes(folder):
    return [line.split() for line in (folder / 'notes').read_text().splitlines()]


def test_jobs_run_in_order_and_their_steps_too(tmp_path):
    lines = []
    jobs = [job(tmp_path, name, steps=('one', 'two')) for name in 'ab']
    assert ProcessQueue([None], lines.append).run(jobs) == {}
    began = [name for name, what, *_ in notes(tmp_path) if what == 'begins']
    assert began == ['a.one', 'a.two', 'b.one', 'b.two']
    assert [line for line in lines if 'done' not in line] == ['a: one', 'a: two', 'b: one', 'b: two']
    assert {'a: done', 'b: done'} < set(lines)


def test_each_device_has_one_job_at_a_time_and_its_share_of_the_cores(tmp_path, monkeypatch):
    monkeypatch.setenv('MMAVF_JOBS', '3')  # the queue itself is one of three
    jobs = [job(tmp_path, name, seconds=0.2) for name in 'abcde']
    assert ProcessQueue(['4', '7'], lambda line: None).run(jobs) == {}
    assert {(device, jobs) for _, _, device, jobs in notes(tmp_path)} == {('4', '6'), ('7', '6')}
    for device in '47':
        own = [what for _, what, used, _ in notes(tmp_path) if used == device]
        assert own == ['begins', 'ends'] * (len(own) // 2)


def test_one_job_alone_has_all_cores(tmp_path, monkeypatch):
    monkeypatch.delenv('MMAVF_JOBS', raising=False)
    ProcessQueue(['4', '7'], lambda line: None).run([job(tmp_path, 'a')])
    assert {jobs for *_, jobs in notes(tmp_path)} == {'1'}


def test_a_job_begins_once_what_it_needs_is_done_and_others_do_not_wait_for_it(tmp_path):
    first, later = job(tmp_path, 'first', seconds=0.6), job(tmp_path, 'later')._replace(needs='first')
    jobs = [first, later, job(tmp_path, 'a', seconds=0.1), job(tmp_path, 'b')]
    assert ProcessQueue([None, None], lambda line: None).run(jobs) == {}
    began = [name for name, what, *_ in notes(tmp_path) if what == 'begins']
    assert set(began[:3]) == {'first.only', 'a.only', 'b.only'} and began[3] == 'later.only'
    seen = [(name, what) for name, what, *_ in notes(tmp_path)]
    assert seen.index(('first.only', 'ends')) < seen.index(('later.only', 'begins'))


def test_what_needs_a_failed_job_fails_with_it_and_so_on(tmp_path):
    jobs = [failing(tmp_path, 'a'), job(tmp_path, 'b')._replace(needs='a'), job(tmp_path, 'c')._replace(needs='b')]
    failed = ProcessQueue([None], lambda line: None).run([*jobs, job(tmp_path, 'd')])
    assert list(failed) == ['a', 'b', 'c'] and failed['b'] == 'a failed' and failed['c'] == 'b failed'
    assert [name for name, *_ in notes(tmp_path)] == ['d.only', 'd.only']


def test_the_error_of_an_earlier_attempt_is_not_that_of_this_one(tmp_path):
    (tmp_path / 'a.log').write_text('ListError: mended since\n')
    code = 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)'
    killed = Job('a', [Step('only', [sys.executable, '-c', code], tmp_path / 'a.log')])
    failed = ProcessQueue([None], lambda line: None).run([killed])
    assert failed['a'] == f'only was ended by SIGKILL: no output ({tmp_path}/a.log)'


def test_failures_are_told_in_the_order_of_the_jobs_and_stop_no_other(tmp_path):
    def steps():
        yield job(tmp_path, 'c').steps[0]
        raise CheckpointError('no checkpoint to test')

    jobs = [failing(tmp_path, 'a'), job(tmp_path, 'b'), Job('c', steps()), failing(tmp_path, 'd', text='')]
    failed = ProcessQueue([None, None], lambda line: None).run(jobs)
    assert list(failed) == ['a', 'c', 'd'] and failed['c'] == 'no checkpoint to test'
    assert failed['a'] == f'only ended with status 3: ValueError: no ({tmp_path}/a.log)'
    assert 'no output' in failed['d']
    assert ['b.only', 'ends'] in [note[:2] for note in notes(tmp_path)]


def test_a_fault_of_the_queue_itself_is_raised_and_ends_what_runs(tmp_path):
    def broken():
        yield job(tmp_path, 'b').steps[0]
        raise KeyError('a bug')

    start = time.monotonic()
    with pytest.raises(KeyError, match='a bug'):
        ProcessQueue([None, None], lambda line: None).run([job(tmp_path, 'a', seconds=60), Job('b', broken())])
    assert time.monotonic() - start < 30 and ['a.only', 'ends'] not in [note[:2] for note in notes(tmp_path)]


def test_an_interrupt_ends_the_processes_and_starts_no_more(tmp_path):
    def interrupt():
        while not (tmp_path / 'notes').exists() or not (tmp_path / 'notes').read_text():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ProcessQueue([None], lambda line: None).run([job(tmp_path, name, seconds=60) for name in 'ab'])
    assert time.monotonic() - start < 30
    assert [note[:2] for note in notes(tmp_path)] == [['a.only', 'begins']]


def test_the_last_error_of_a_log(tmp_path):
    log = tmp_path / 'log'
    log.write_text('ConfigError: of an earlier run\nstarting\nmmavf.errors.ListError: bad\n' + '  a.mp4\n' * 7)
    assert last_error(log) == 'mmavf.errors.ListError: bad a.mp4 a.mp4 a.mp4 a.mp4 … 3 more lines'
    log.write_text('step 1\nstep 2\n\n')
    assert last_error(log) == 'step 2'
