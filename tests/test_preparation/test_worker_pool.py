"""Processes that do jobs, and die at them."""

import os
import signal
import subprocess
import sys
import time
from collections import deque

import pytest

from mmavf.errors import PreparationError
from mmavf.preparation import worker_pool
from mmavf.preparation.worker_pool import ATTEMPTS, WorkerCrash, WorkerPool

from ..helpers.train import ROOT


class Doer:
    """Squares numbers; a text is what happens to its process instead, noted in a file."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, job):
        if isinstance(job, int):
            return job**2
        with open(self.folder / job, 'a') as file:
            file.write('tried\n')
        if job == 'stop':
            raise PreparationError('the disk is full')
        if job == 'fail':
            raise ValueError('a fault')
        if job == 'hang':
            time.sleep(60)
        if job == 'once' and (self.folder / job).read_text().count('tried') > 1:
            return 'done the second time'
        os.kill(os.getpid(), signal.SIGSEGV if job == 'crash' else signal.SIGKILL)


def run(folder, jobs, workers=2, *limit):
    jobs = deque(jobs)
    with WorkerPool(Doer, (folder,), workers, *limit) as pool:
        return dict(pool.run(lambda: jobs.popleft() if jobs else None))


def test_all_jobs_are_done_and_those_that_kill_their_process_are_named(tmp_path):
    results = run(tmp_path, [*range(5), 'crash', *range(5, 10), 'kill', 'fail', *range(10, 40)])
    assert {job: result for job, result in results.items() if isinstance(job, int)} == {n: n * n for n in range(40)}
    died = {job: result.reason for job, result in results.items() if isinstance(result, WorkerCrash)}
    assert died.keys() == {'crash', 'kill', 'fail'}
    assert 'SIGSEGV' in died['crash'] and 'SIGKILL' in died['kill'] and 'exit status 1' in died['fail']
    assert 'lack of memory: try again with fewer processes' in died['kill']
    assert (tmp_path / 'crash').read_text().count('tried') == ATTEMPTS


def test_a_job_whose_process_died_by_chance_is_done_by_another(tmp_path):
    assert run(tmp_path, [1, 'once', 2]) == {1: 1, 'once': 'done the second time', 2: 4}


class SlowStarter(Doer):
    """Takes a while to be ready, which is no fault of its first job."""

    def __init__(self, folder):
        super().__init__(folder)
        time.sleep(0.6)


@pytest.mark.parametrize('make', [Doer, SlowStarter])
def test_a_job_that_does_not_end_is_given_up_once_and_the_others_are_done(tmp_path, make):
    jobs = deque([1, 'hang', 2, 3])
    with WorkerPool(make, (tmp_path,), 1, lambda job: 0.3 if job == 'hang' else 1e9, '--limit') as pool:
        results = dict(pool.run(lambda: jobs.popleft() if jobs else None))
    assert results == {1: 1, 'hang': WorkerCrash('not done within 0.3 s (--limit)'), 2: 4, 3: 9}
    assert (tmp_path / 'hang').read_text().count('tried') == 1


def test_an_error_that_stops_everything_reaches_the_caller(tmp_path):
    with pytest.raises(PreparationError, match='the disk is full'):
        run(tmp_path, [1, 'stop', 2])


def test_jobs_may_appear_while_others_are_done(tmp_path):
    jobs, results = deque([2]), []
    with WorkerPool(Doer, (tmp_path,), 2) as pool:
        for job, result in pool.run(lambda: jobs.popleft() if jobs else None):
            results.append((job, result))
            if result < 1000:
                jobs.append(result)
    assert results == [(2, 4), (4, 16), (16, 256), (256, 65536)]


class Teller:
    """Tells the id of its process."""

    def __call__(self, job):
        return os.getpid()


def test_processes_are_renewed_after_a_number_of_jobs(monkeypatch):
    monkeypatch.setattr(worker_pool, 'RENEW_AFTER', 3)
    jobs = deque(range(1, 9))
    with WorkerPool(Teller, (), 1) as pool:
        pids = [pid for _, pid in pool.run(lambda: jobs.popleft() if jobs else None)]
    assert pids[0] == pids[1] == pids[2] and pids[3] == pids[4] == pids[5] and pids[6] == pids[7]
    assert len(set(pids)) == 3
    for pid in set(pids):
        assert _wait_for(lambda pid=pid: not _is_alive(pid))


class Interrupted(WorkerPool):
    """Is stopped while it receives a result: the worker is neither idle nor busy then."""

    def _receive(self, worker):
        if super()._receive(worker) is None:  # the job was taken up
            return
        self._idle.remove(worker)
        self.pid = worker._process.pid
        raise KeyboardInterrupt


def test_a_process_whose_result_is_being_received_ends_with_the_pool_too():
    with pytest.raises(KeyboardInterrupt), Interrupted(Teller, (), 1) as pool:
        list(pool.run(lambda: 1))
    assert not _is_alive(pool.pid)


@pytest.mark.parametrize('moment', ['result unread', 'at work'])
def test_a_process_whose_pipe_is_closed_ends_without_a_word(tmp_path, capfd, moment):
    with WorkerPool(Doer if moment == 'result unread' else Napper, (tmp_path,), 1) as pool:
        (worker,) = pool._idle
        worker.connection.send(2)
        _wait_for(worker.connection.poll if moment == 'result unread' else (tmp_path / 'asleep').exists)
        worker.connection.close()
        worker._process.join(30)
        assert worker._process.exitcode == 0
    assert capfd.readouterr().err == ''


class Napper:
    """Says when it is at work, and works on for a moment."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, job):
        (self.folder / 'asleep').touch()
        time.sleep(0.5)


PARENT = """
import sys, time
from tests.test_preparation.test_worker_pool import Sleeper
from mmavf.preparation.worker_pool import WorkerPool
if __name__ == '__main__':
    with WorkerPool(Sleeper, (sys.argv[1],), 1) as pool:
        list(pool.run(iter(['a', None]).__next__))
"""


class Sleeper:
    """Writes its process id and works on, too long."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, job):
        with open(f'{self.folder}/pid.part', 'w') as file:
            file.write(str(os.getpid()))
        os.rename(f'{self.folder}/pid.part', f'{self.folder}/pid')
        time.sleep(60)


def test_processes_end_with_the_one_that_started_them_though_it_is_killed(tmp_path):
    (tmp_path / 'parent.py').write_text(PARENT)
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    parent = subprocess.Popen([sys.executable, str(tmp_path / 'parent.py'), str(tmp_path)], env=environment)
    pid = _wait_for(lambda: int((tmp_path / 'pid').read_text()) if (tmp_path / 'pid').exists() else None)
    parent.kill()
    parent.wait()
    assert _wait_for(lambda: not _is_alive(pid))


def _wait_for(happens, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := happens():
            return value
        time.sleep(0.02)
    raise AssertionError('it did not happen')


def _is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
