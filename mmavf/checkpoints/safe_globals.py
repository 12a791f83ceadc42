"""Files are read as data: nothing in a checkpoint or in a YAML file is executed.

Importing this module (`import mmavf` does) registers the harmless classes that MMEngine's checkpoints hold, makes
MMEngine read local files and downloads weights-only, whatever the environment says, and YAML by its safe loader.
"""

import os
import os.path as osp
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlparse

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import torch
from mmengine.fileio.handlers import yaml_handler
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader
from numpy.dtypes import BoolDType, Float32DType, Float64DType, Int32DType, Int64DType, UInt32DType
from safetensors.torch import load_file
from torch.hub import HASH_REGEX, download_url_to_file, get_dir

from mmavf.checkpoints.archive_check import check_archive
from mmavf.checkpoints.checkpoint_file import kind_of
from mmavf.checkpoints.weights import as_checkpoint
from mmavf.errors import CheckpointError


def _history_method(owner: Any, name: str) -> Callable:
    """Stand in for `getattr` in pickles: hand out the statistics of MMEngine's HistoryBuffer and nothing else."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'getattr({owner!r}, {name!r}) is not allowed in a checkpoint')
    return getattr(HistoryBuffer, name)


def _register() -> None:
    array_parts = [np.ndarray, np.dtype, BoolDType, Float32DType, Float64DType, Int32DType, Int64DType, UInt32DType]
    functions: tuple[Any, ...] = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    # numpy 1 and 2 write their private modules under different names; both must be readable.
    named = [
        (function, f'numpy.{core}.multiarray.{function.__name__}')
        for function in functions
        for core in ('core', '_core')
    ]
    torch.serialization.add_safe_globals([HistoryBuffer, *array_parts, *named, (_history_method, 'builtins.getattr')])


@contextmanager
def _readable(source: str) -> Iterator[None]:
    """Turn whatever reading a bad file raises into a CheckpointError that names the file."""
    try:
        yield
    except CheckpointError:
        raise
    except FileNotFoundError as error:
        if '://' in source:
            raise CheckpointError(
                f'Checkpoint {source}: of addresses only http:// and https:// are read. Download the file and give its '
                'path.'
            ) from error
        raise CheckpointError(f'Checkpoint {source} does not exist.') from error
    except OSError as error:
        raise CheckpointError(f'Checkpoint {source} cannot be read: {error.strerror or error}.') from error
    except pickle.UnpicklingError as error:
        wanted = re.search(r'GLOBAL (\S+)', str(error))
        raise CheckpointError(
            f'Checkpoint {source} holds objects other than weights and plain values, or is damaged; nothing of it was '
            f'executed. Get it from a source that you trust, or convert it to plain weights.'
            + (f' It asks for {wanted.group(1)}.' if wanted else '')
        ) from error
    except MemoryError as error:
        raise CheckpointError(f'Checkpoint {source} needs more memory than there is, or is damaged.') from error
    except Exception as error:  # the unpickler and what it calls raise anything on a damaged file
        raise CheckpointError(
            f'Checkpoint {source} is cut off or damaged. Take another checkpoint, or get it again.'
        ) from error


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Read a local checkpoint of torch.save, weights-only and with its checksums compared, or a safetensors file.

    Tensors for the CPU stay on the disk until they are used: who keeps one while the file may change copies it.

    Returns:
        Saved content; of a safetensors file the weights by name.

    Raises:
        CheckpointError: The file is missing, damaged, or holds anything but weights and plain values.
    """
    filename = osp.expanduser(filename)
    with _readable(filename):
        kind = kind_of(filename)
        if kind == 'safetensors':
            device = map_location if isinstance(map_location, str | torch.device) else 'cpu'
            return {name: value.to(device) for name, value in load_file(filename).items()}
        if kind == 'zip':
            check_archive(filename, weights=str(map_location) != 'meta')
        # mapped, so that what nobody uses, such as an optimizer's state, is never read into memory
        mapped = kind == 'zip' and str(map_location) == 'cpu'
        return torch.load(filename, map_location=map_location, weights_only=True, mmap=mapped)


def load_from_file(filename: str, map_location: Any = None) -> dict:
    """Read a local checkpoint in MMEngine's form; see `load_from_local` and `as_checkpoint`, also for the errors."""
    return as_checkpoint(load_from_local(filename, map_location), filename)


def load_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    **kwargs: Any,
) -> Any:
    """Download a checkpoint, where that was not done before, and read it; result and errors as of `load_from_local`.

    Arguments are those of `torch.hub.load_state_dict_from_url`; it is read weights-only whatever `kwargs` say.
    """
    folder = model_dir or osp.join(get_dir(), 'checkpoints')
    path = osp.join(folder, file_name or osp.basename(urlparse(url).path))
    if not osp.exists(path):
        prefix = HASH_REGEX.search(osp.basename(path)) if check_hash else None
        try:
            os.makedirs(folder, exist_ok=True)
            download_url_to_file(url, path, prefix.group(1) if prefix else None, progress)
        except Exception as error:  # urllib and http raise many kinds
            raise CheckpointError(f'Checkpoint {url} cannot be downloaded: {error}') from error
    try:
        return load_from_local(path, map_location)
    except CheckpointError as error:
        raise CheckpointError(f'{error} It was downloaded from {url}; remove it to download it again.') from error


def _explained(load: Callable[..., Any]) -> Callable[..., dict]:
    """Let a loader of MMEngine return its own form of a checkpoint, and raise CheckpointErrors."""

    @wraps(load)
    def wrapped(filename: str, map_location: Any = None) -> dict:
        """Load, and explain what fails."""
        try:
            content = load(filename, map_location=map_location)
        except KeyError as error:
            raise CheckpointError(f'Checkpoint {filename}: there is no model named {error}.') from error
        return as_checkpoint(content, filename)

    return wrapped


def _make_mmengine_safe() -> None:
    # All downloads of MMEngine go through this name, which otherwise unpickles without restriction.
    mmengine_checkpoint.load_url = load_url
    # s3 and pavi need packages that are not public, and would be read with their own `torch.load`
    local = ['', 'pavi://', r'(\S+\:)?s3://', r'(\S+\:)?petrel://']
    CheckpointLoader.register_scheme(local, load_from_file, force=True)
    for prefixes, loader in (
        (('http://', 'https://'), mmengine_checkpoint.load_from_http),
        (('modelzoo://', 'torchvision://'), mmengine_checkpoint.load_from_torchvision),
        (('open-mmlab://', 'openmmlab://'), mmengine_checkpoint.load_from_openmmlab),
        ('mmcls://', mmengine_checkpoint.load_from_mmcls),
    ):
        CheckpointLoader.register_scheme(prefixes, _explained(loader), force=True)
    yaml_handler.Loader = yaml_handler.yaml.SafeLoader  # the other one runs code that a file names


_register()
_make_mmengine_safe()
