"""Checkpoints are read weights-only: nothing in a file is executed.

Importing this module (`import mmavf` does) registers the harmless classes that MMEngine's checkpoints hold, and makes
MMEngine read local files and downloads weights-only, whatever the environment says.
"""

import os.path as osp
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from numpy.dtypes import BoolDType, Float32DType, Float64DType, Int32DType, Int64DType, UInt32DType
from torch.hub import load_state_dict_from_url

from mmavf.errors import CheckpointError


def _history_method(owner: Any, name: str) -> Callable:
    """Stand in for `getattr` in pickles: hand out the statistics of MMEngine's HistoryBuffer and nothing else."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'getattr({owner!r}, {name!r}) is not allowed in a checkpoint')
    return getattr(HistoryBuffer, name)


def _register() -> None:
    array_parts = [np.ndarray, np.dtype, BoolDType, Float32DType, Float64DType, Int32DType, Int64DType, UInt32DType]
    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    # numpy 1 and 2 write their private modules under different names; both must be readable.
    named = [
        (function, f'numpy.{core}.multiarray.{function.__name__}')
        for function in (reconstruct, scalar)
        for core in ('core', '_core')
    ]
    torch.serialization.add_safe_globals([HistoryBuffer, *array_parts, *named, (_history_method, 'builtins.getattr')])


@contextmanager
def _readable(source: str) -> Iterator[None]:
    """Turn what reading a bad file raises into a CheckpointError that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise CheckpointError(f'Checkpoint {source} does not exist.') from error
    except pickle.UnpicklingError as error:
        wanted = re.search(r'GLOBAL (\S+)', str(error))
        raise CheckpointError(
            f'Checkpoint {source} holds objects other than weights and plain values, or is damaged; nothing of it was '
            f'executed. Get it from a source that you trust, or convert it to plain weights.'
            + (f' It asks for {wanted.group(1)}.' if wanted else '')
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(f'Checkpoint {source} cannot be read, perhaps it is cut off: {error}') from error


def load_from_local(filename: str, map_location: Any = None) -> dict:
    """Read a local checkpoint weights-only.

    Raises:
        CheckpointError: The file is missing, damaged, or holds anything but weights and plain values.
    """
    filename = osp.expanduser(filename)
    with _readable(filename):
        return torch.load(filename, map_location=map_location, weights_only=True)


def load_url(url: str, **kwargs: Any) -> dict:
    """Download and read a checkpoint weights-only; arguments and errors as in `load_from_local`."""
    with _readable(url):
        return load_state_dict_from_url(url, **{**kwargs, 'weights_only': True})


_register()
mmengine_checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
# All downloads of MMEngine go through this name, which otherwise unpickles without restriction.
mmengine_checkpoint.load_url = load_url
