"""One process at a time in a folder, whatever becomes of the others and of the file system."""

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import socket
import time

import pytest
from mmengine.logging import MMLogger

from mmavf.errors import WorkDirError
from mmavf.files import file_lock
from mmavf.files.file_lock import FolderLock, lock_file, make_folder

FORK = multiprocessing.get_context('fork')
NO_LOCKS = [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL]


@pytest.fixture
def warnings(monkeypatch):
    told = []
    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text: told.append(text))
    monkeypatch.setattr(file_lock, '_warned', False)
    return told


@pytest.fixture(params=[None, *NO_LOCKS], ids=str)
def flock(request, monkeypatch, warnings):
    """With locks, and on file systems without."""

    def unknown(fd, how):
        raise OSError(request.param, os.strerror(request.param))

    if request.param is not None:
        monkeypatch.setattr(fcntl, 'flock', unknown)
        monkeypatch.setattr(file_lock, 'SETTLE_SEC', 0.01)
    return request.param is None


def in_child(target, *args, daemon=True):
    """Run `target` in a forked process; return it and the pipe that `target` got first."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=target, args=(theirs, *args), daemon=daemon)
    process.start()
    return process, ours


def hold(pipe, folder):
    lock = FolderLock(folder)
    pipe.send(os.getpid())
    pipe.recv()
    lock.release()
    pipe.send('released')
    time.sleep(60)


def attempt(pipe, folder):
    try:
        FolderLock(folder)
    except WorkDirError as error:
        pipe.send(str(error))
    else:
        pipe.send('taken')


def test_a_second_process_is_told_who_is_there_and_has_it_afterwards(tmp_path, flock):
    folder = tmp_path / 'a b' / 'run'
    holder, pipe = in_child(hold, folder)
    pid = pipe.recv()
    with pytest.raises(WorkDirError) as error:
        FolderLock(folder)
    text = str(error.value)
    assert f'{folder}: another run is at work there (host {socket.gethostname()}, process {pid}, since 20' in text
    assert (f'remove {folder}/.lock' in text) == (not flock)
    pipe.send('let go')
    assert pipe.recv() == 'released' and not (folder / '.lock').exists()
    with FolderLock(folder):
        assert json.loads((folder / '.lock').read_text())['pid'] == os.getpid()
    assert not list(folder.iterdir())
    holder.kill()


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, flock):
    holder, pipe = in_child(hold, tmp_path)
    pipe.recv()
    holder.kill()
    holder.join()
    assert (tmp_path / '.lock').exists()
    FolderLock(tmp_path).release()


def fork_and_die(pipe, folder):
    FolderLock(folder)
    child = FORK.Process(target=time.sleep, args=(60,))
    child.start()
    pipe.send(child.pid)
    os.kill(os.getpid(), signal.SIGKILL)


def test_children_that_outlive_a_killed_process_do_not_keep_its_folder(tmp_path, flock):
    holder, pipe = in_child(fork_and_die, tmp_path, daemon=False)
    child = pipe.recv()
    holder.join()
    os.kill(child, 0)  # it lives
    FolderLock(tmp_path).release()
    os.kill(child, signal.SIGKILL)


def test_a_child_neither_has_the_lock_nor_lets_it_go(tmp_path, flock):
    lock = FolderLock(tmp_path)
    child = FORK.Process(target=lock.release)
    child.start()
    child.join()
    assert child.exitcode == 0
    process, pipe = in_child(attempt, tmp_path)
    assert 'another run is at work' in pipe.recv()
    process.join()
    lock.release()


@pytest.mark.parametrize(
    'content', [b'', b'{"ho', b'[]', b'{"host": "a"}', b'\xff', b'{"host": "a", "pid": "x", "since": 1}']
)
def test_a_lock_file_that_says_nothing_is_in_nobodys_way(tmp_path, flock, content):
    (tmp_path / '.lock').write_bytes(content)
    FolderLock(tmp_path).release()


def test_without_locks_the_file_of_another_host_is_obeyed_and_its_removal_explained(tmp_path, monkeypatch, flock):
    (tmp_path / '.lock').write_text('{"host": "node7", "pid": 5, "since": "2026-01-02 03:04:05"}')
    if flock:  # the system has released it: whoever wrote it is dead
        FolderLock(tmp_path).release()
        return
    with pytest.raises(WorkDirError, match=r'host node7, process 5, since 2026-01-02 03:04:05.*remove .*\.lock'):
        FolderLock(tmp_path)
    (tmp_path / '.lock').unlink()
    FolderLock(tmp_path).release()


def test_the_number_of_this_process_may_be_that_of_a_dead_one(tmp_path, flock):
    holder = dict(host=socket.gethostname(), pid=os.getpid(), since='2026-01-02 03:04:05')
    (tmp_path / '.lock').write_text(json.dumps(holder))
    with FolderLock(tmp_path), pytest.raises(WorkDirError, match='another run is at work'):
        FolderLock(tmp_path)


def test_of_two_that_write_a_lock_file_at_once_the_later_has_it(tmp_path, monkeypatch, flock):
    if flock:
        pytest.skip('only without locks')
    other = dict(host='node7', pid=5, since='2026-01-02 03:04:05')
    monkeypatch.setattr(file_lock.time, 'sleep', lambda sec: (tmp_path / '.lock').write_text(json.dumps(other)))
    with pytest.raises(WorkDirError, match='host node7'):
        FolderLock(tmp_path)
    assert json.loads((tmp_path / '.lock').read_text()) == other


def test_one_warning_where_there_are_no_locks(tmp_path, flock, warnings):
    for _ in range(2):
        with open(tmp_path / 'file', 'w') as file:
            assert lock_file(file.fileno(), file.name, wait=True) == flock
        FolderLock(tmp_path / 'run').release()
    assert len(warnings) == (0 if flock else 1)
    assert flock or 'the file system has no file locks' in warnings[0]


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / 'file').write_text('')
    for folder in (tmp_path / 'file', tmp_path / 'file' / 'run'):
        with pytest.raises(WorkDirError, match=f'{tmp_path}/file is a file, not a folder'):
            make_folder(folder)


@pytest.mark.parametrize('number', [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch, number):
    def refuse(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file_lock.os, 'open', refuse)
    with pytest.raises(WorkDirError, match=f'{tmp_path}: cannot be written to .{os.strerror(number)}'):
        FolderLock(tmp_path)
