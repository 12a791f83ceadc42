"""Plain values of a config that would fail later, in a library that does not name them."""

from collections.abc import Mapping
from typing import Any

from mmavf.errors import ConfigError

_SECTIONS = (
    'model',
    'optim_wrapper',
    'train_cfg',
    'randomness',
    'env_cfg',
    'default_hooks',
    'protocol',
    'auto_scale_lr',
    'custom_imports',
)
_LISTS = ('custom_hooks', 'param_scheduler')
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_LEAST = {'batch_size': 1, 'num_workers': 0, 'prefetch_factor': 1, 'timeout': 0}
_MAX_SEED = 2**32 - 1  # numpy's
_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')


def check_values(cfg: Mapping[str, Any]) -> None:
    """Check the loaders' numbers, the seed and other plain values without which a run cannot begin.

    Raises:
        ConfigError: Names the key, its value and what it may be.
    """
    for name in (*_SECTIONS, *_LOADERS):
        if not isinstance(cfg.get(name), Mapping | None):
            raise ConfigError(f'{name} must be a dictionary, not {cfg[name]!r}.')
    for name in _LOADERS:
        for key, least in _LEAST.items():
            _check_whole(f'{name}.{key}', (cfg.get(name) or {}).get(key), least)
    for name in _LISTS:
        if not isinstance(cfg.get(name), list | tuple | Mapping | None):
            raise ConfigError(f'{name} must be a list of dictionaries, not {cfg[name]!r}.')
    for key in ('max_epochs', 'val_interval'):
        _check_whole(f'train_cfg.{key}', (cfg.get('train_cfg') or {}).get(key), 1)
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is not None and not (_is_whole(seed) and 0 <= seed <= _MAX_SEED):
        raise ConfigError(f'randomness.seed must be a whole number from 0 to {_MAX_SEED}, or None, not {seed!r}.')
    if not isinstance(cfg.get('load_from'), str | None):
        raise ConfigError(f'load_from must be the path of a checkpoint, not {cfg["load_from"]!r}.')
    if cfg.get('log_level', 'INFO') not in _LEVELS:
        raise ConfigError(f'log_level must be one of {", ".join(_LEVELS)}, not {cfg["log_level"]!r}.')


def _check_whole(name: str, value: Any, least: int) -> None:
    auto = name.endswith('.num_workers')
    if value is None or (auto and value == 'auto'):
        return
    if not _is_whole(value) or value < least:
        raise ConfigError(
            f'{name} must be a whole number, {least} or more{", or " + repr("auto") if auto else ""}, not {value!r}.'
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
