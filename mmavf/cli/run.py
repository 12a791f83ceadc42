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
from mmengine.logging import MMLogger
from mmengine.runner import FlexibleRunner, Runner
from torch import distributed as torch_dist

from mmavf.engine.config_checks import check_keys, check_plain
from mmavf.engine.config_values import check_values
from mmavf.engine.stop_signals import end_stopped, end_with_parent, stop_signals
from mmavf.errors import ConfigError, MMAVFError
from mmavf.protocol.fold_folder import fold_folder

from .explain import explain, was_raised_in
from .protocol_options import add_protocol_options, merge_protocol_options


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
        ConfigError: The file does not exist or cannot be read, or an option does not fit the config.
    """
    cfg = load_config(args.config, args.cfg_options)
    merge_protocol_options(cfg, args)
    cfg.launcher = args.launcher
    return cfg


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
        cfg.merge_from_dict(options or {})
        check_keys(cfg)
        check_values(cfg)
    except MMAVFError:
        raise
    except Exception as error:  # a config is Python, which raises anything
        if was_raised_in(Config._merge_a_into_b, error):
            raise ConfigError(f'{path}, with what overrides it: {error}') from error
        if 'inheritance chain' in str(error):
            raise ConfigError(
                f'{path}: a config with `_base_`, or one that stands there, imports nothing. Give a class by its name, '
                "type='…', and its module in custom_imports=dict(imports=['…'])."
            ) from error
        raise ConfigError(f'{path} cannot be read: {_told(error)}') from error
    return cfg


def _told(error: Exception) -> str:
    """Return an error of a config file in one line, with the place in the file where Python knows it."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    places = [f' in {code.co_filename}, line {line}' for code, line in frames if code.co_name == '<module>']
    first = (str(error.__cause__ or error).strip() or 'no more is said').splitlines()[0]
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


def default_work_dir(config: str, target: str | None, fold: str | None) -> str:
    """Return a folder of its own for each config, target and fold."""
    parts = [target or '', *([] if fold is None else [fold_folder(fold)])]
    return osp.join('work_dirs', osp.splitext(osp.basename(config))[0], *parts)


def run_command(command: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    """Run a command; return its exit status: 1 after an error that `explain` knows, whose message is shown.

    Ctrl-C and SIGTERM end the command with one sentence and status 130 or 143 (see `stop_signals`).
    """
    end_with_parent()
    with stop_signals():
        try:
            return _run(command, args)
        except KeyboardInterrupt:
            return end_stopped()


def _run(command: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    sys.path.insert(0, os.getcwd())  # for custom_imports: Python puts the script's folder there instead
    if 'local_rank' in args:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        command(args)
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        report(explained, 'debug' in args and args.debug)
        return 1
    leave_process_group()
    return 0


def run_or_exit(command: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> None:
    """Run a command that writes no log; an error that `explain` knows ends the process with its message."""
    sys.path.insert(0, os.getcwd())  # see `run_command`
    try:
        command(args)
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        raise SystemExit(f'{type(explained).__name__}: {explained}') from error


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
