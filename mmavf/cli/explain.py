"""Explanations of errors of the machine, of a config and of MMEngine."""

import errno
import re
from traceback import walk_tb

import torch
from mmengine.registry import build_from_cfg

from mmavf.engine.config_file import was_raised_in
from mmavf.errors import ConfigError, MachineError, MMAVFError

_MEMORY = (
    'Use fewer workers (train_dataloader.num_workers), a smaller batch (train_dataloader.batch_size, with '
    'optim_wrapper.accumulative_counts for the same total), or a machine with more memory.'
)
_ROOM = 'Free some space, or choose another folder; a training then continues with --resume.'
_RIGHTS = 'Change the permissions, or choose another folder (--work-dir, --out).'
_OF_DISK = {
    errno.ENOSPC: f'the disk is full. {_ROOM}',
    errno.EDQUOT: f'the disk quota is exhausted. {_ROOM}',
    errno.EROFS: f'the file system is read-only. {_RIGHTS}',
    errno.EACCES: f'permission denied. {_RIGHTS}',
    errno.EPERM: f'not permitted. {_RIGHTS}',
    errno.EEXIST: 'there is a file where a folder is needed. Choose another folder, or move the file.',
    errno.ENOTDIR: 'there is a file where a folder is needed. Choose another folder, or move the file.',
}


def explain(error: Exception) -> MMAVFError | None:
    """Return an error whose message a user can act on; None for an unexpected one, which keeps its traceback.

    Expected are the errors of this package; disks that are full or not writable; too little memory; data workers that
    were killed; in a config, components that do not exist and arguments that they do not take.
    """
    if isinstance(error, MMAVFError):
        return error
    if isinstance(error, torch.OutOfMemoryError):
        return MachineError(f'The GPU is out of memory: {str(error).splitlines()[0]} {_MEMORY}')
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return MachineError(f'The machine is out of memory. {_MEMORY}')
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
    """Explain what torch says of a data worker that was killed."""
    ended = re.search(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)', message)
    if ended is None:
        return None
    if 'shared memory' in message:
        return MachineError(
            f'The data worker {ended[1]} (process id) died because the shared memory (/dev/shm) is full. Enlarge it '
            '(docker run --shm-size=8g), or use fewer workers (train_dataloader.num_workers) or a smaller batch.'
        )
    return MachineError(
        f'The data worker {ended[1]} (process id) was killed from outside, most often by the system when it runs out '
        f'of memory (see dmesg). {_MEMORY} --resume continues from the last checkpoint.'
    )


def _explain_building(error: Exception) -> ConfigError | None:
    if isinstance(error, KeyError | TypeError) and was_raised_in(build_from_cfg, error):
        # from Python 3.13 on the message may end with a question: Did you mean …?
        return ConfigError(f'{error.args[0]} (look for the name in the config and in --cfg-options)')
    if not isinstance(error, ValueError | AssertionError):
        return None  # raised deeper inside: not a misspelt name
    frames = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_code is build_from_cfg.__code__]
    if not frames:
        return None
    built = frames[-1].f_locals.get('obj_type')  # the component's name in the config, or its class
    return ConfigError(
        f'{getattr(built, "__name__", built)} does not take what the config gives it: {error} (look for its options in '
        'the config and in --cfg-options)'
    )
