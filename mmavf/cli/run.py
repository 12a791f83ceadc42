"""Former place of `config.py` and `program.py`."""

import argparse
import os
import sys
from collections.abc import Callable

from .config import load_config
from .explain import explain
from .program import run_command

__all__ = ['load_config', 'run_command', 'run_or_exit']


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
