"""One way to run a command: arguments, errors, exit status."""

import gc
import logging
import os
import signal
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence

from mmavf.errors import MMAVFError
from mmavf.stop_signals import end_stopped, end_with_parent, is_distributed, log_handlers, stop_signals

Run = Callable[[Namespace], int | None]


class UsageError(Exception):
    """The command line is misused in a way that argparse cannot see; the command ends with status 2."""


def run_program(
    description: str | None,
    add_arguments: Callable[[ArgumentParser], object],
    run: Run,
    argv: Sequence[str] | None = None,
    prog: str | None = None,
    check_arguments: Callable[[Namespace], object] | None = None,
) -> int:
    """Parse a command line and run the command; return its exit status.

    0: it succeeded. 1: it ended with an error, shown in a sentence, or found something wrong. 2: the command line is
    misused. 130 and 143: it was stopped by Ctrl-C or SIGTERM; 141: whatever reads its output has ended. An error that
    nobody foresaw keeps its traceback.

    Args:
        description: What the command does, for its help.
        add_arguments: Adds the command's arguments to a parser; `--debug` is added here.
        run: Does the work; it may return a status, and raise UsageError.
        argv: The arguments; None: those of the process.
        prog: Name of the command; None: that of the script.
        check_arguments: Raises UsageError for what argparse cannot see, before anything heavy is loaded; it may also
            fill in defaults.

    Raises:
        SystemExit: By argparse, with status 0 after help, with status 2 after misuse.
    """
    parser = ArgumentParser(prog=prog, description=description, formatter_class=RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument('--debug', action='store_true', help='show the whole traceback of an error')
    args = parser.parse_args(argv)
    try:
        if check_arguments is not None:
            check_arguments(args)
        return run_command(run, args)
    except UsageError as error:
        parser.error(str(error))


def run_command(run: Run, args: Namespace) -> int:
    """Run a command whose arguments are parsed; return its exit status (see `run_program`).

    Raises:
        UsageError: The command raised it.
    """
    end_with_parent()
    sys.path.insert(0, os.getcwd())  # for custom_imports: Python puts the script's folder there instead
    if 'local_rank' in args:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    with stop_signals():
        try:
            status = run(args) or 0
        except KeyboardInterrupt:
            return end_stopped()
        except UsageError:
            raise
        except BrokenPipeError:  # the reader of the output has seen enough, such as `head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it ends
            return 128 + signal.SIGPIPE
        except Exception as error:
            if not show_error(error, 'debug' in args and args.debug):
                raise
            return 1
        leave_process_group()
    return status


def show_error(error: Exception, debug: bool) -> bool:
    """Show the message of an error in one line; its traceback goes to the log file, and to the screen if `debug`.

    Returns:
        Whether the error is one that a user can act on (see `explain`); nothing is shown of any other.
    """
    explained = _explained(error)
    if explained is None:
        return False
    message = _without_worker_traceback(explained)
    sys.stderr.write(f'{type(explained).__name__}: {message}\n')
    record = logging.LogRecord('mmavf', logging.ERROR, __file__, 0, message, None, sys.exc_info())
    for handler in log_handlers():
        if debug or isinstance(handler, logging.FileHandler):
            handler.handle(record)
    return True


def _explained(error: Exception) -> MMAVFError | None:
    if isinstance(error, MMAVFError):
        return error
    from .explain import explain  # loads PyTorch

    return explain(error)


def _without_worker_traceback(error: MMAVFError) -> str:
    """Return an error's message; PyTorch puts a data worker's traceback before it, which ends with the error's name."""
    message = str(error)
    if 'Original Traceback' not in message:
        return message
    return message.rsplit(f'{type(error).__name__}: ', 1)[-1].strip()


def leave_process_group() -> None:
    """Leave the process group, if there is one, and end its threads.

    A thread of gloo that still frees a tensor while Python shuts down aborts the process. The threads end with the last
    reference to the group, which a wrapped model holds; a runner and its model are a cycle, hence the collection.
    """
    if is_distributed():
        from torch import distributed

        distributed.destroy_process_group()
        gc.collect()
