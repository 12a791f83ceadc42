"""Whatever goes wrong with a clip is one ClipError of it, with a reason, and its traceback in the log file once."""

import logging

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from mmavf.datasets.clip_boundary import ClipBoundary
from mmavf.errors import ClipError, ConfigError, ListError, PreparationError, TooManyBadSamplesError


def _empty_resize():
    cv2.resize(np.zeros((0, 0, 3), np.uint8), (4, 4))


def _torch_memory():
    torch.empty(1 << 60, dtype=torch.uint8)


def _numpy_memory():
    np.zeros(1 << 60, dtype=np.uint8)


def _key():
    return {}['imgs']


def _next():
    next(iter(()))


def _raiser(error):
    def run():
        raise error

    return run


@pytest.mark.parametrize(
    ('fault', 'reason'),
    [
        (_empty_resize, 'error: OpenCV'),
        (lambda: 1 / 0, r'ZeroDivisionError: division by zero; test_clip_boundary\.py, line \d+'),
        (lambda: [][0], 'IndexError: list index out of range'),
        (_key, "KeyError: 'imgs'"),
        (lambda: np.zeros(3).reshape(2, 2), 'ValueError: cannot reshape'),
        (lambda: torch.ones(2) + torch.ones(3), 'RuntimeError: The size of tensor'),
        (_next, r'StopIteration; test_clip'),
        (_raiser(OSError(5, 'Input/output error')), r'OSError: \[Errno 5\]'),
        (_raiser(AssertionError('\n two lines \n of text')), 'AssertionError: two lines ;'),
        (_raiser(RuntimeError('x' * 5000)), 'RuntimeError: x{200}…;'),
        (_torch_memory, 'needs more memory than is available$'),
        (_numpy_memory, 'needs more memory than is available$'),
        (_raiser(MemoryError()), 'needs more memory than is available$'),
        (_raiser(ClipError('no face in it')), '^/data/a.mp4: no face in it$'),
    ],
)
def test_what_goes_wrong_is_a_clip_error_with_path_and_reason(fault, reason):
    with pytest.raises(ClipError, match=reason) as caught, ClipBoundary('/data/a.mp4'):
        fault()
    message = str(caught.value)
    assert message.startswith('/data/a.mp4: ') and message.count('a.mp4') == 1 and '\n' not in message
    assert caught.value.__cause__ is not None and not isinstance(caught.value.__cause__.__cause__, ClipError)
    assert str(type(caught.value)(*caught.value.args)) == message  # as a data worker's exception is built anew


def test_a_clip_error_that_names_the_clip_stays_as_it_is():
    for message in ('/data/a.mp4: cut off', '/data/a.mp4/000001.jpg: no image', '/data/a.wav: silent', 'a1: no csv'):
        with pytest.raises(ClipError) as caught, ClipBoundary('/data/a.mp4', '/data/a.wav', '', 'a1: '):
            raise ClipError(message)
        assert str(caught.value) == message and caught.value.__cause__ is None


@pytest.mark.parametrize('kind', [ConfigError, ListError, PreparationError, TooManyBadSamplesError, KeyboardInterrupt])
def test_what_does_not_speak_of_the_clip_passes(kind):
    with pytest.raises(kind, match='^wrong$'), ClipBoundary('/data/a.mp4'):
        raise kind('wrong')


def test_each_kind_has_its_traceback_once_and_in_the_log_file_alone(tmp_path, capfd):
    def broken_transform(value):
        return 1 // value

    logger = MMLogger.get_current_instance()
    handler = logging.FileHandler(tmp_path / 'run.log')
    logger.addHandler(handler)
    try:
        for number in range(3):
            with pytest.raises(ClipError), ClipBoundary(f'{number}.mp4'):
                broken_transform(0)
            with pytest.raises(ClipError), ClipBoundary(f'{number}.mp4'):
                broken_transform('text')
            with pytest.raises(ClipError), ClipBoundary(f'{number}.mp4'):
                raise ClipError('a usual one')
    finally:
        logger.removeHandler(handler)
        handler.close()
    log = (tmp_path / 'run.log').read_text()
    assert log.count('Traceback') == log.count('in broken_transform') == 2
    assert '0.mp4: the first ZeroDivisionError' in log and '1.mp4' not in log
    assert capfd.readouterr().err == ''
