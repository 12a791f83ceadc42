"""A call that is late is given up, and nothing of it shows in what comes after."""

import contextvars
import os
import random
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
import torch

from mmavf.datasets import deadline
from mmavf.datasets.deadline import call_within
from mmavf.datasets.sample_rng import seeded
from mmavf.errors import ClipError


def draws():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_results_and_exceptions_are_those_of_the_call():
    error = ValueError('wrong')

    def fail():
        raise error

    for seconds in (None, 30, float('inf')):
        assert call_within(seconds, divmod, 17, 5) == (3, 2)
        with pytest.raises(ValueError) as caught:
            call_within(seconds, fail)
        assert caught.value is error
        with pytest.raises(SystemExit):
            call_within(seconds, exit)


def test_the_call_finds_what_holds_for_the_caller_and_uses_one_thread():
    name = contextvars.ContextVar('name')
    name.set('own')
    before = torch.get_num_threads()
    call_within(30, int)
    try:
        torch.set_num_threads(3)
        with np.errstate(divide='raise'):
            found = call_within(30, lambda: (name.get(), torch.get_num_threads(), np.geterr()['divide']))
    finally:
        torch.set_num_threads(before)
    assert found == ('own', 3, 'raise')
    threads = {call_within(30, threading.get_ident) for _ in range(5)}
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_random_numbers_are_those_that_the_caller_seeded():
    with seeded(3):
        here = draws(), draws()
    with seeded(3):
        there = call_within(30, draws), call_within(30, draws)
    assert here == there


def sleep_and_draw():
    time.sleep(0.5)
    return draws()


def draw_for_ever():
    while True:
        draws()


def ignore_exceptions():
    while True:
        with suppress(Exception):
            time.sleep(0.01)


@pytest.mark.parametrize('late', [sleep_and_draw, draw_for_ever, ignore_exceptions])
def test_a_late_call_is_given_up_and_disturbs_nothing_after_it(late, monkeypatch):
    monkeypatch.setattr(deadline, 'GRACE_SEC', 0.1)
    before = random.getstate()
    begin = time.monotonic()
    with pytest.raises(ClipError, match=r'takes longer than 0\.2 s \(clip_timeout_sec\)'), seeded(1):
        call_within(0.2, late)
    assert time.monotonic() - begin < 5
    assert random.getstate() == before
    with seeded(7):
        alone = [draws() for _ in range(20)]
    with seeded(7):
        after = []
        for _ in range(20):
            time.sleep(0.03)  # the late call wakes up meanwhile
            after.append(call_within(30, draws))
    assert after == alone
    assert not [thread for thread in threading.enumerate() if thread.name == 'mmavf-clip' and _is_left(thread)]


def _is_left(thread):
    """Whether a helper that no caller has any more is alive; the current one of this thread is not left."""
    return thread is not deadline._own.helper._thread and thread in _helpers_of_this_test(thread)


def _helpers_of_this_test(thread):
    thread.join(2)
    return [thread] if thread.is_alive() else []


def test_an_interruption_leaves_no_result_to_the_next_call(monkeypatch):
    monkeypatch.setattr(deadline, 'GRACE_SEC', 0.0)
    call_within(30, int)
    helper = deadline._own.helper

    class Interrupted:
        def get(self, timeout):
            raise KeyboardInterrupt

    helper._results, results = Interrupted(), helper._results
    with pytest.raises(KeyboardInterrupt):
        call_within(30, lambda: 'late')
    helper._results = results
    assert call_within(30, lambda: 'own') == 'own' and deadline._own.helper is not helper


def test_a_fork_has_a_thread_of_its_own():
    call_within(30, int)
    pid = os.fork()
    if not pid:
        status = 1
        with suppress(Exception):
            status = 0 if call_within(10, os.getpid) == os.getpid() else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert call_within(30, os.getpid) == os.getpid()
