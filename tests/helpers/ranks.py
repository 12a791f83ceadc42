"""Processes of one run, forked from a server that has the libraries loaded, which spares each of them its imports."""

import atexit
import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.forkserver import _forkserver as forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[2]
_LOADED = ['tests.helpers.format_once', 'mmavf.engine', 'mmavf.models', 'mmavf.datasets', 'mmavf.evaluation']
_LOADED += ['torch.utils.tensorboard', 'matplotlib.figure', 'safetensors.torch']  # what runs load later
_server: int | None = None  # its process


def run_ranks(target: Callable, world_size: int, *args: Any, timeout: float = 300) -> list[int]:
    """Call `target(*args)` in each rank of a process group to be; return the exit codes, -9 after SIGKILL.

    Raises:
        TimeoutError: A rank has not ended after `timeout` seconds.
    """
    _start_server()
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    environment = dict(os.environ, WORLD_SIZE=str(world_size), LOCAL_WORLD_SIZE=str(world_size))
    environment.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    context = multiprocessing.get_context('forkserver')
    ranks = [context.Process(target=_rank, args=(rank, environment, target, args)) for rank in range(world_size)]
    try:
        for process in ranks:
            process.start()
        for process in ranks:
            process.join(timeout)
            if process.exitcode is None:
                raise TimeoutError(f'a process has not ended after {timeout} s')
    finally:  # also when pytest's own limit is over
        for process in filter(multiprocessing.Process.is_alive, ranks):
            process.kill()
    return [process.exitcode for process in ranks]


def run_forked(script: Path | str, *words: object, processes: int = 1) -> subprocess.CompletedProcess:
    """Run a script as `python SCRIPT WORDS` does, from the root; the status is that of the first rank that failed."""
    with TemporaryDirectory() as folder:
        command = [str(script), *map(str, words)]
        codes = run_ranks(_script, processes, command, folder)
        output, errors = (Path(folder, name).read_text() for name in ('1', '2'))
    return subprocess.CompletedProcess(command, next(filter(None, codes), 0), output, errors)


def _start_server() -> None:
    """Start the server anew if it is that of a worker pool, which has loaded less."""
    global _server
    if _server is None or forkserver._forkserver_pid != _server:
        forkserver._stop()
        forkserver.set_forkserver_preload(_LOADED)
        forkserver.ensure_running()
        _server = forkserver._forkserver_pid


def _rank(rank: int, environment: dict[str, str], target: Callable, args: tuple) -> None:
    os.environ.update(environment, RANK=str(rank), LOCAL_RANK=str(rank))
    target(*args)


def _script(command: list[str], folder: str) -> None:
    for number in (1, 2):  # output and errors
        os.dup2(os.open(f'{folder}/{number}', os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.update(PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES='')
    os.chdir(ROOT)
    multiprocessing.set_start_method(None, force=True)  # the default, as in a new process
    sys.argv = command
    try:
        runpy.run_path(command[0], run_name='__main__')
    finally:
        atexit._run_exitfuncs()  # which forked processes leave out
