"""Config files: read, overridden and checked."""

import os.path as osp
from collections.abc import Callable, Mapping
from copy import deepcopy
from inspect import signature
from pathlib import Path
from traceback import walk_tb
from typing import Any

from mmengine.config import Config
from mmengine.runner import FlexibleRunner, Runner

from mmavf.errors import ConfigError, MMAVFError

from .config_checks import check_keys, check_plain
from .config_values import check_values


def load_config(path: str, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config file and override parts of it by `options`, such as those of `--cfg-options`.

    Raises:
        ConfigError: The file does not exist or cannot be read, an option does not fit the config, or it has a key that
            nothing reads or a value that cannot work.
    """
    if not osp.isfile(path):
        raise ConfigError(f'{path}: there is no such config')
    try:
        cfg = Config.fromfile(path)
        check_plain(cfg, path)
        check_options(cfg, options or {})
        cfg.merge_from_dict(deepcopy(dict(options or {})))  # MMEngine takes _delete_ out of what it is given
        check_keys(cfg)
        check_values(cfg)
    except MMAVFError:
        raise
    except Exception as error:  # a config is Python, which raises anything
        if was_raised_in(Config._merge_a_into_b, error):
            raise ConfigError(f'{path}, with what overrides it: {error}') from error
        if 'inheritance chain' in str(error):
            raise ConfigError(
                f'{path}: neither a config with `_base_` nor the base itself may import anything. Name a class by its '
                "name, type='…', and its module in custom_imports=dict(imports=['…'])."
            ) from error
        raise ConfigError(f'{path} cannot be read: {_one_line(error)}') from error
    return cfg


def configs_folder() -> Path:
    """Return the folder of this project's configs: that of the wheel, or of the clone that the package is in."""
    package = Path(__file__).parents[1]
    shipped = package / '.mim/configs'
    return shipped if shipped.is_dir() else package.parent / 'configs'


def _one_line(error: Exception) -> str:
    """Return an error of a config file in one line, with the place in the file where Python knows it."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    places = [f' in {code.co_filename}, line {line}' for code, line in frames if code.co_name == '<module>']
    first = (str(error.__cause__ or error).strip() or 'it has no message').splitlines()[0]
    return f'{type(error.__cause__ or error).__name__}{"".join(places[-1:])}: {first}'


def check_options(cfg: Config, options: Mapping[str, Any]) -> None:
    """Refuse an override of something that neither the config nor a runner knows, such as a misspelt name.

    Raises:
        ConfigError: Names the key.
    """
    known = {*cfg, *signature(Runner).parameters, *signature(FlexibleRunner).parameters, 'runner_type'}
    for key in options:
        if key.split('.')[0] not in known:
            raise ConfigError(f'--cfg-options {key}: neither the config nor the runner has {key.split(".")[0]!r}')


def was_raised_in(function: Callable, error: Exception) -> bool:
    """Tell whether an error was raised in a function itself, not in one that it called."""
    frames = list(walk_tb(error.__traceback__))
    return bool(frames) and frames[-1][0].f_code is function.__code__
