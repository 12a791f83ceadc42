"""Plain values of a config that would fail later, in a library that does not name them."""

from collections.abc import Mapping
from typing import Any

from mmavf.errors import ConfigError

_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_LEAST = {'batch_size': 1, 'num_workers': 0, 'prefetch_factor': 1}
_MAX_SEED = 2**32 - 1  # numpy's


def check_values(cfg: Mapping[str, Any]) -> None:
    """Make sure that the loaders' numbers, the seed and `load_from` are such that a run can begin.

    Raises:
        ConfigError: Names the key, its value and what it may be.
    """
    for name in _LOADERS:
        loader = cfg.get(name)
        if not isinstance(loader, Mapping):
            continue
        for key, least in _LEAST.items():
            value = loader.get(key)
            if value is None or (key, value) == ('num_workers', 'auto'):
                continue
            if not _is_whole(value) or value < least:
                auto = ", or 'auto'" if key == 'num_workers' else ''
                raise ConfigError(f'{name}.{key} must be a whole number, {least} or more{auto}, not {value!r}.')
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is not None and not (_is_whole(seed) and 0 <= seed <= _MAX_SEED):
        raise ConfigError(f'randomness.seed must be a whole number from 0 to {_MAX_SEED}, or None, not {seed!r}.')
    if not isinstance(cfg.get('load_from'), str | None):
        raise ConfigError(f'load_from must be the path of a checkpoint, not {cfg["load_from"]!r}.')


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
