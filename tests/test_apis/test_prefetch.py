"""Iterators in a thread."""

import threading
import time

import pytest

from mmavf.apis.inference.prefetch import prefetch


def test_items_come_in_order_from_another_thread():
    def items():
        for i in range(50):
            yield i, threading.get_ident()

    got = list(prefetch(items(), ahead=3))
    assert [i for i, _ in got] == list(range(50))
    assert threading.get_ident() not in {ident for _, ident in got}


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield 1
        yield 2
        raise ValueError('the third is damaged')

    got = []
    with pytest.raises(ValueError, match='the third is damaged'):
        got.extend(prefetch(items(), ahead=5))
    assert got == [1, 2]


def test_no_more_than_the_given_number_is_made_ahead_and_the_thread_ends_with_its_consumer():
    made = []

    def items():
        for i in range(1000):
            made.append(i)
            yield i

    ahead = prefetch(items(), ahead=4)
    assert next(ahead) == 0
    time.sleep(0.3)
    assert 5 <= len(made) <= 7  # one taken, four waiting, one in hand
    ahead.close()
    assert len(made) <= 7
    assert not [thread for thread in threading.enumerate() if thread.name.startswith('mmavf-prefetch')]
