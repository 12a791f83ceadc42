"""Errors that are not of this package, in a sentence that a user can act on."""

import argparse
import errno
import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader

from mmavf.cli.explain import explain
from mmavf.cli.program import run_command
from mmavf.errors import ClipError, ConfigError, MachineError
from mmavf.registry import HOOKS


class Dying(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        os.kill(os.getpid(), signal.SIGKILL)


def iterate_and_die():
    next(iter(DataLoader(Dying(), num_workers=1)))


def write_below_a_file(folder):
    (folder / 'file').touch()
    os.makedirs(folder / 'file/run')


def test_a_worker_that_was_killed_is_said_with_what_to_do():
    with pytest.raises(RuntimeError) as caught:
        iterate_and_die()
    told = explain(caught.value)
    assert isinstance(told, MachineError) and 'killed from outside' in str(told) and 'num_workers' in str(told)
    assert '\n' not in str(told)
    bus = RuntimeError(
        "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers are out of "
        'shared memory. Please try to raise your shared memory limit.'
    )
    assert '/dev/shm' in str(explain(bus)) and 'worker 7 ' in str(explain(bus))


@pytest.mark.parametrize(
    ('code', 'told'),
    [
        (errno.ENOSPC, 'the disk is full'),
        (errno.EDQUOT, 'quota'),
        (errno.EROFS, 'read-only'),
        (errno.EACCES, 'permission denied'),
        (errno.EEXIST, 'there is a file where a folder is needed'),
        (errno.EIO, 'Input/output error'),
    ],
)
def test_errors_of_the_disk_name_the_file(code, told):
    message = str(explain(OSError(code, os.strerror(code), '/runs/epoch_2.pth')))
    assert message.startswith('/runs/epoch_2.pth: ') and told in message


def test_memory_and_what_nobody_foresaw():
    assert 'batch_size' in str(explain(torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB.\nmore')))
    assert 'machine is out of memory' in str(explain(MemoryError()))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)
    assert 'machine is out of memory' in str(explain(caught.value))
    clip = ClipError('a.mp4: no video')
    assert explain(clip) is clip
    assert explain(RuntimeError('a fault of ours')) is None and explain(ValueError('x')) is None


def test_a_component_that_refuses_its_options_is_named():
    with pytest.raises(ValueError, match='interval') as caught:
        HOOKS.build(dict(type='LoggerHook', interval=0))
    told = explain(caught.value)
    assert isinstance(told, ConfigError) and 'LoggerHook does not take' in str(told) and 'interval' in str(told)


def test_commands_end_with_one_line(tmp_path, capsys):
    args = argparse.Namespace()
    assert run_command(lambda args: write_below_a_file(tmp_path), args) == 1
    error = capsys.readouterr().err
    assert error.startswith(f'MachineError: {tmp_path}/file') and error.count('\n') == 1
    with pytest.raises(ZeroDivisionError):
        run_command(lambda args: 1 / 0, args)
