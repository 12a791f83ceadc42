"""A process that dies while it saves leaves the previous checkpoint, whole and named."""

import errno
import multiprocessing
import os
import signal

import pytest
import torch
from mmengine.logging import MMLogger

from mmavf.files import atomic_file
from mmavf.files.atomic_file import AtomicLocalBackend
from tests.helpers.train import tiny_runner


class HalfFile:
    """Writes half of what it is given, then the process dies."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def train_and_die(work_dir, target, step):
    """Die inside the second epoch's save, while `target` is written (half-way) or renamed."""
    second_epoch = []

    def is_it(path):
        second_epoch.extend(['epoch_2'] * ('epoch_2' in str(path)))
        return bool(second_epoch) and target in str(path)

    def dying_open(path, mode):
        file = open(path, mode)  # noqa: SIM115  (the caller closes it)
        return HalfFile(file) if is_it(path) else file

    def dying_rename(source, destination, rename=os.replace):
        if is_it(destination):
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, destination)

    if step == 'write':
        atomic_file.open = dying_open
    else:
        os.replace = dying_rename
    tiny_runner(
        work_dir, default_hooks__checkpoint__iter_interval=0, default_hooks__checkpoint__max_keep_ckpts=1
    ).train()


@pytest.mark.parametrize('target', ['epoch_2.pth', 'last_checkpoint'])
@pytest.mark.parametrize('step', ['write', 'rename'])
def test_killed_while_saving(tmp_path, target, step):
    process = multiprocessing.get_context('fork').Process(target=train_and_die, args=(tmp_path, target, step))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    named = (tmp_path / 'last_checkpoint').read_text()
    assert named == str(tmp_path / 'epoch_1.pth')
    assert torch.load(named, weights_only=True)['meta']['epoch'] == 1
    assert list(tmp_path.glob('*.unfinished'))

    runner = tiny_runner(tmp_path, resume=True)
    runner.train()
    assert runner.epoch == 3
    assert not list(tmp_path.glob('*.unfinished'))


def test_a_write_replaces_the_whole_file(tmp_path):
    backend = AtomicLocalBackend()
    path = tmp_path / 'new folder' / 'file.txt'
    backend.put(b'a long first version', path)
    backend.put_text('second', path)
    assert path.read_bytes() == b'second'
    assert [file.name for file in path.parent.iterdir()] == ['file.txt']


@pytest.mark.parametrize('number', [errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES])
@pytest.mark.parametrize('call', ['fsync', 'open'])
def test_a_folder_that_cannot_be_flushed_costs_one_warning(tmp_path, monkeypatch, number, call):
    told, original = [], getattr(os, call)

    def refuse(what, *args):
        if os.path.isdir(what if call == 'open' else f'/proc/self/fd/{what}'):
            raise OSError(number, os.strerror(number))
        return original(what, *args)

    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text: told.append(text))
    monkeypatch.setattr(atomic_file, '_warned', False)
    monkeypatch.setattr(os, call, refuse)
    for content in (b'one', b'two'):
        AtomicLocalBackend().put(content, tmp_path / 'a.pth')
    assert (tmp_path / 'a.pth').read_bytes() == b'two'
    assert len(told) == 1 and 'cannot flush a folder' in told[0]


def test_what_cannot_be_written_leaves_what_was_there_and_no_half_file(tmp_path, monkeypatch):
    def full(fd):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    AtomicLocalBackend().put(b'one', tmp_path / 'a.pth')
    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space left'):
        AtomicLocalBackend().put(b'two', tmp_path / 'a.pth')
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [('a.pth', b'one')]
