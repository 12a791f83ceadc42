"""Processes of one run, forked from a server that has the libraries loaded, which spares each of them its imports."""

import multiprocessing
import os
import socket
from collections.abc import Callable
from multiprocessing.forkserver import _forkserver as forkserver
from typing import Any

_LOADED = ['mmavf.engine', 'mmavf.models', 'mmavf.datasets', 'mmavf.evaluation']
# What runs load later, and what makes all of it cheap to have.
_LOADED += [
    'mmavf.visualization',
    'scipy.signal',
    'torch.utils.tensorboard',
    'safetensors.torch',
    'tests.helpers.frozen',
]
_server: int | None = None  # its process


def run_ranks(target: Callable, world_size: int, *args: Any, timeout: float = 300) -> list[int | None]:
    """Call `target(*args)` in each rank of a process group to be; return the exit codes, -9 after SIGKILL."""
    ranks = start_ranks(target, world_size, *args)
    end_ranks(ranks, timeout)
    return [process.exitcode for process in ranks]


def start_ranks(target: Callable, world_size: int, *args: Any) -> list:
    """Call `target(*args)` in each rank of a process group to be; return the processes."""
    _start_server()
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    environment = dict(os.environ, WORLD_SIZE=str(world_size), LOCAL_WORLD_SIZE=str(world_size))
    environment.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    context = multiprocessing.get_context('forkserver')
    ranks = [context.Process(target=_rank, args=(rank, environment, target, args)) for rank in range(world_size)]
    for process in ranks:
        process.start()
    return ranks


def end_ranks(ranks: list, timeout: float = 300) -> None:
    """Wait until all processes have ended.

    Raises:
        TimeoutError: One has not ended after `timeout` seconds; all are killed.
    """
    try:
        for process in ranks:
            process.join(timeout)
            if process.exitcode is None:
                raise TimeoutError(f'a process has not ended after {timeout} s')
    finally:  # also when pytest's own limit is over
        for process in ranks:
            process.kill()


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
