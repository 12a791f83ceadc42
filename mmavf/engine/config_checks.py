"""Faults of a config that MMEngine finds late or never: misspelt keys, hooks without a class, classes as values.

A component's arguments are checked by its class when it is built. Most of the dictionaries here have no class; loops
are built late, that of a test days after the training began.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from inspect import signature
from types import ModuleType
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.dist import init_dist
from mmengine.runner import Runner
from torch.distributed import init_process_group
from torch.utils.data import DataLoader

from mmavf.errors import ConfigError
from mmavf.protocol.protocol import Protocol
from mmavf.registry import LOOPS

from .fully_shard import FullyShard, is_fully_shard

_LOADER = {*signature(DataLoader).parameters, 'num_batch_per_epoch'}
KNOWN: dict[str, set[str]] = {
    'protocol': {field.name for field in fields(Protocol)},
    'auto_scale_lr': {'enable', 'base_batch_size'},
    'randomness': set(signature(Runner.set_randomness).parameters) - {'self'},
    'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'},
    'env_cfg.mp_cfg': {'mp_start_method', 'opencv_num_threads'},
    'env_cfg.dist_cfg': {*signature(init_dist).parameters, *signature(init_process_group).parameters, 'port'},
    'custom_imports': {'imports', 'allow_failed_imports'},
    'train_dataloader': _LOADER,
    'val_dataloader': _LOADER,
    'test_dataloader': _LOADER,
}
LOOP_TYPES = dict(train_cfg='ResumableTrainLoop', val_cfg='ValLoop', test_cfg='TestLoop')  # without a type


def check_keys(cfg: Config | Mapping) -> None:
    """Make sure that a config's loops and dictionaries without a `type` hold known keys only, and hooks have a `type`.

    Raises:
        ConfigError: Names the key and what it may have been meant to be.
    """
    for name, known in KNOWN.items():
        value: Any = cfg
        for part in name.split('.'):
            value = value.get(part) if isinstance(value, Mapping | Config) else None
        _check_names(name, value, known)
    for name, usual in LOOP_TYPES.items():
        loop = cfg.get(name)
        if isinstance(loop, Mapping):
            known = _loop_arguments(loop.get('type', usual))
            _check_names(name, loop, known | {'by_epoch'} if name == 'train_cfg' and known else known)
    if is_fully_shard(wrapper := cfg.get('model_wrapper_cfg')):
        _check_names('model_wrapper_cfg', wrapper, {'type', *signature(FullyShard).parameters} - {'module'})
    hooks = cfg.get('default_hooks')
    if isinstance(hooks, Mapping):
        _check_hooks(hooks)


def _check_names(name: str, value: Any, known: set[str]) -> None:
    if not isinstance(value, Mapping) or not known:
        return
    for key in value:
        if key not in known and key not in ('_delete_', '_scope_'):
            raise ConfigError(f'{name} has no key {key}; {_meant(key, known)}')


def _loop_arguments(kind: str | type) -> set[str]:
    """Return the keys that a loop's config may have; none where the loop is not known."""
    loop = LOOPS.get(kind) if isinstance(kind, str) else kind
    if loop is None:
        return set()
    known: set[str] = set()
    for base in inspect.getmro(loop):
        if '__init__' in vars(base) and base is not object:
            parameters = signature(vars(base)['__init__']).parameters
            known.update(parameters)
            if 'kwargs' not in parameters:
                break
    return known - {'self', 'runner', 'dataloader', 'evaluator', 'kwargs'} | {'type'}


def _check_hooks(hooks: Mapping) -> None:
    """Find options of a default hook that no hook has, as where the hook's name is misspelt."""
    for name, hook in hooks.items():
        if isinstance(hook, Mapping) and 'type' not in hook and name not in ('_delete_', '_scope_'):
            typed = {other for other, options in hooks.items() if isinstance(options, Mapping) and 'type' in options}
            raise ConfigError(f'default_hooks.{name} names no hook (type); {_meant(name, typed)}')


def check_plain(cfg: Config, path: str) -> None:
    """Make sure that a config in the style with `_base_` holds plain values, as it is written down as text.

    Raises:
        ConfigError: It holds a class or a function, such as one that it imports.
    """
    if cfg._imported_names:  # the style with `read_base`, in which classes stand for their names
        return
    for name, value in _values(cfg._cfg_dict):
        if isinstance(value, type | ModuleType) or callable(value):
            named = f'{value.__module__}.{value.__qualname__}' if hasattr(value, '__qualname__') else repr(value)
            raise ConfigError(
                f'{path}: {name} is {named} itself. A config with `_base_` is kept as text and imports nothing: set '
                "the name, type='…', and its module in custom_imports=dict(imports=['…'])."
            )


def _meant(key: str, known: set[str]) -> str:
    close = get_close_matches(str(key), known, n=1)
    return f'did you mean {close[0]}?' if close else f'it takes {", ".join(sorted(known))}.'


def _values(value: Any, name: str = '') -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping | ConfigDict):
        for key, part in value.items():
            yield from _values(part, f'{name}.{key}' if name else str(key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _values(part, f'{name}.{number}')
    else:
        yield name, value
