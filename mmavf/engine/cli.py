"""What the command lines of training and testing share."""

import argparse
import gc
import logging
import os
import os.path as osp
import sys
from collections.abc import Callable, Mapping
from inspect import signature
from traceback import walk_tb
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.config.utils import ConfigParsingError
from mmengine.logging import MMLogger
from mmengine.registry import build_from_cfg
from mmengine.runner import FlexibleRunner, Runner
from torch import distributed as torch_dist

from mmavf.errors import ConfigError, MMAVFError

from .config_checks import check_keys, check_plain
from .fold_folder import fold_folder
from .protocol import add_protocol_options, merge_protocol_options


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that runs a config."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override parts of the config: key=value, a.b=value, key="[a,b]"',
    )
    add_protocol_options(parser)
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--debug', action='store_true', help='show the whole traceback of an error')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def read_config(args: argparse.Namespace) -> Config:
    """Read `args.config` and put the options of `add_run_options` into it.

    Raises:
        ConfigError: There is no such file, or an option does not fit the config.
    """
    cfg = load_config(args.config, args.cfg_options)
    merge_protocol_options(cfg, args)
    cfg.launcher = args.launcher
    return cfg


def load_config(path: str, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config file and override parts of it by `options`, such as those of `--cfg-options`.

    Raises:
        ConfigError: There is no such file, or an option does not fit the config, or it has a key that nothing reads.
    """
    if not osp.isfile(path):
        raise ConfigError(f'{path}: there is no such config')
    try:
        cfg = Config.fromfile(path)
        check_plain(cfg, path)
        check_options(cfg, options or {})
        cfg.merge_from_dict(options or {})
    except TypeError as error:
        if not _was_raised_in(Config._merge_a_into_b, error):
            raise
        raise ConfigError(f'{path}, with what overrides it: {error}') from error
    except (ConfigParsingError, RuntimeError) as error:  # the latter where a config in `_base_` imports
        if 'inheritance chain' not in str(error):
            raise
        raise ConfigError(
            f'{path}: a config with `_base_`, or one that stands there, imports nothing. Give a class by its name, '
            "type='…', and its module in custom_imports=dict(imports=['…'])."
        ) from error
    check_keys(cfg)
    return cfg


def check_options(cfg: Config, options: Mapping[str, Any]) -> None:
    """Refuse an override of something that neither the config nor a runner knows, such as a misspelt name.

    Raises:
        ConfigError: Names the key.
    """
    known = {*cfg, *signature(Runner).parameters, *signature(FlexibleRunner).parameters, 'runner_type'}
    for key in options:
        if key.split('.')[0] not in known:
            raise ConfigError(f'--cfg-options {key}: neither the config nor the runner has {key.split(".")[0]!r}')


def default_work_dir(config: str, target: str | None, fold: str | None) -> str:
    """Return a folder of its own for each config, target and fold."""
    parts = [target or '', *([] if fold is None else [fold_folder(fold)])]
    return osp.join('work_dirs', osp.splitext(osp.basename(config))[0], *parts)


def run_command(command: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    """Run a command; return its exit status: 1 after an error of this package, whose message is shown.

    A config with a component that is not registered, or with an argument that a component does not have, counts as such
    an error.
    """
    sys.path.insert(0, os.getcwd())  # for custom_imports: Python puts the script's folder there instead
    if 'local_rank' in args:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    debug = 'debug' in args and args.debug
    try:
        command(args)
    except MMAVFError as error:
        report(error, debug)
        return 1
    except (KeyError, TypeError) as error:
        if not _was_raised_in(build_from_cfg, error):  # something deeper had begun: no misspelt name
            raise
        # from Python 3.13 on the message may end with a question: Did you mean …?
        report(ConfigError(f'{error.args[0]} (look for the name in the config and in --cfg-options)'), debug)
        return 1
    leave_process_group()
    return 0


def _was_raised_in(function: Callable, error: Exception) -> bool:
    """Tell whether an error was raised in a function itself, not in one that it called."""
    frames = list(walk_tb(error.__traceback__))
    return frames[-1][0].f_code is function.__code__


def leave_process_group() -> None:
    """Leave the process group, if there is one, and end its threads.

    A thread of gloo that still frees a tensor while Python shuts down aborts the process. The threads end with the last
    reference to the group, which a wrapped model holds; a runner and its model are a cycle, hence the collection.
    """
    if torch_dist.is_initialized():
        torch_dist.destroy_process_group()
        gc.collect()


def report(error: MMAVFError, debug: bool) -> None:
    """Show the error's message; the traceback goes to the log file, and to the screen if `debug`."""
    message = str(error)
    if 'Original Traceback' in message:  # raised in a data worker: the message follows the error's name
        message = message.rsplit(f'{type(error).__name__}: ', 1)[-1].strip()
    sys.stderr.write(f'{type(error).__name__}: {message}\n')
    record = logging.LogRecord('mmavf', logging.ERROR, __file__, 0, message, None, sys.exc_info())
    for handler in MMLogger.get_current_instance().handlers:
        if debug or isinstance(handler, logging.FileHandler):
            handler.handle(record)
