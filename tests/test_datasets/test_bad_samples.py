"""The shared record of clips that cannot be used, on disks that are not well."""

import errno
import fcntl
import json
import os

import pytest
from mmengine.logging import MMLogger

from mmavf.datasets.bad_samples import BadSampleLog, forget_repaired
from mmavf.files import file_lock


@pytest.fixture
def warnings(monkeypatch):
    told = []
    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text: told.append(text))
    return told


def log_of(path):
    log = BadSampleLog('list.csv', 100, 0.5)
    log.file = str(path)
    return log


def clip(name):
    return dict(video_path=name, audio_path=None, index=1, sample_id=name)


def paths(file):
    return [json.loads(line)['path'] for line in file.read_text(encoding='utf-8').splitlines()]


def test_one_line_a_clip_whoever_meets_it(tmp_path, warnings):
    file = tmp_path / 'new' / 'bad.jsonl'
    for log in (log_of(file), log_of(file)):
        for name in ('表情.mp4', 'b.mp4', '表情.mp4', 'c\udcff.mp4'):
            log.record(clip(name), 'broken')
    assert paths(file) == ['表情.mp4', 'b.mp4', 'c\udcff.mp4']
    assert len(warnings) == 3


@pytest.mark.parametrize(
    ('keep', 'rest'), [('表', b''), ('"reason"', b''), ('表', b'one more\n'), ('"reason"', b'{"path": 1}\n[1]\nnull\n')]
)
def test_cut_lines_stop_neither_a_worker_nor_a_resumed_run(tmp_path, warnings, keep, rest):
    file = tmp_path / 'bad.jsonl'
    for name in ('a.mp4', '表情.mp4'):
        log_of(file).record(clip(name), 'broken')
    content = file.read_bytes()
    cut = content[: content.rindex(keep.encode()) + 1]
    file.write_bytes(cut + rest)
    log_of(file).record(clip('c.mp4'), 'broken')  # begins a line of its own
    assert file.read_bytes().startswith(cut + rest) and file.read_bytes().count(b'c.mp4') == 2  # path and id

    warnings.clear()
    forget_repaired(str(file))
    assert paths(file) == ['a.mp4', 'c.mp4']
    (told,) = warnings
    assert f'{1 + max(0, rest.count(bytes([10])) - 1)} line' in told and 'will be found again' in told
    log_of(file).record(clip('表情.mp4'), 'broken')
    assert paths(file) == ['a.mp4', 'c.mp4', '表情.mp4']


@pytest.mark.parametrize('number', [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_costs_a_warning(tmp_path, monkeypatch, warnings, number):
    def unknown(fd, how):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, 'flock', unknown)
    monkeypatch.setattr(file_lock, '_warned', False)
    log = log_of(tmp_path / 'bad.jsonl')
    for name in ('a.mp4', 'b.mp4'):
        log.record(clip(name), 'broken')
    assert paths(tmp_path / 'bad.jsonl') == ['a.mp4', 'b.mp4']
    assert len([text for text in warnings if 'no file locks' in text]) == 1


def test_a_record_that_cannot_be_written_does_not_end_a_run(tmp_path, monkeypatch, warnings):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'makedirs', full)
    log = log_of(tmp_path / 'bad.jsonl')
    for name in ('a.mp4', 'b.mp4'):
        log.record(clip(name), 'broken')
    assert len([text for text in warnings if 'cannot be written (No space left on device)' in text]) == 1
    assert 'bad sample 2 of list.csv: broken' in warnings
