"""Errors of the machine, of a config and of MMEngine in the words of this package."""

import errno
import re
from traceback import walk_tb

import torch
from mmengine.registry import build_from_cfg

from mmavf.engine.config_file import was_raised_in
from mmavf.errors import ConfigError, MachineError, MMAVFError

_MEMORY = (
    'Take fewer workers (train_dataloader.num_workers), a smaller batch (train_dataloader.batch_size, with '
    'optim_wrapper.accumulative_counts for the same total), or a machine with more memory.'
)
_ROOM = 'Make room, or choose another folder; a training then goes on with --resume.'
_RIGHTS = 'Give this user the right, or choose another folder (--work-dir, --out).'
_OF_DISK = {
    errno.ENOSPC: f'the disk is full. {_ROOM}',
    errno.EDQUOT: f'the quota of the disk is used up. {_ROOM}',
    errno.EROFS: f'the disk can only be read. {_RIGHTS}',
    errno.EACCES: f'permission denied. {_RIGHTS}',
    errno.EPERM: f'not permitted. {_RIGHTS}',
    errno.EEXIST: 'a file lies where a folder is needed. Choose another folder, or move the file.',
    errno.ENOTDIR: 'a file lies where a folder is needed. Choose another folder, or move the file.',
}


def explain(error: Exception) -> MMAVFError | None:
    """Return an error whose message a user can act on; None for one that nobody foresaw, which keeps its traceback.

    Foreseen are the errors of this package; disks that are full or not to be written to; memory that does not suffice;
    data workers that were killed; in a config, components that do not exist and arguments that they do not take.
    """
    if isinstance(error, MMAVFError):
        return error
    if isinstance(error, torch.OutOfMemoryError):
        return MachineError(f'The memory of the GPU does not suffice: {str(error).splitlines()[0]} {_MEMORY}')
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return MachineError(f'The memory of the machine does not suffice. {_MEMORY}')
    if isinstance(error, OSError):
        return _explain_os_error(error)
    if isinstance(error, RuntimeError):
        return _explain_worker(str(error))
    return _explain_building(error)


def _explain_os_error(error: OSError) -> MachineError | None:
    if error.errno is None:  # of a library, or from a worker: not the machine's
        return None
    what = _OF_DISK.get(error.errno, f'{error.strerror}.')
    return MachineError(f'{error.filename or "A file could not be read or written"}: {what}')


def _explain_worker(message: str) -> MachineError | None:
    """Explain what torch says of a data worker that ended from outside."""
    ended = re.search(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)', message)
    if ended is None:
        return None
    if 'shared memory' in message:
        return MachineError(
            f'The data worker {ended[1]} (process id) ended, as the shared memory (/dev/shm) is full. Enlarge it '
            '(docker run --shm-size=8g), or take fewer workers (train_dataloader.num_workers) or a smaller batch.'
        )
    return MachineError(
        f'The data worker {ended[1]} (process id) was killed from outside, by the system as a rule, which ran out of '
        f'memory (dmesg tells). {_MEMORY} --resume goes on from the last checkpoint.'
    )


def _explain_building(error: Exception) -> ConfigError | None:
    if isinstance(error, KeyError | TypeError) and was_raised_in(build_from_cfg, error):
        # from Python 3.13 on the message may end with a question: Did you mean …?
        return ConfigError(f'{error.args[0]} (look for the name in the config and in --cfg-options)')
    if not isinstance(error, ValueError | AssertionError):
        return None  # something deeper had begun: no misspelt name
    frames = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_code is build_from_cfg.__code__]
    if not frames:
        return None
    built = frames[-1].f_locals.get('obj_type')  # the component's name in the config, or its class
    return ConfigError(
        f'{getattr(built, "__name__", built)} does not take what the config gives it: {error} (look for its options in '
        'the config and in --cfg-options)'
    )
