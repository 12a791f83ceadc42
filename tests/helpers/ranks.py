"""Processes of one run, forked from a server that has the libraries loaded, which spares each of them its imports."""

import multiprocessing
import os
import socket
from collections.abc import Callable
from typing import Any

_LOADED = ['mmavf.engine', 'mmavf.models', 'mmavf.datasets', 'mmavf.evaluation']


def run_ranks(target: Callable, world_size: int, *args: Any, timeout: float = 300) -> list[int]:
    """Call `target(*args)` in each rank of a process group to be; return the exit codes, -9 after SIGKILL.

    Raises:
        TimeoutError: A rank has not ended after `timeout` seconds.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(_LOADED)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    ranks = [context.Process(target=_rank, args=(rank, world_size, port, target, args)) for rank in range(world_size)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(timeout)
    if hanging := [process for process in ranks if process.exitcode is None]:
        for process in hanging:
            process.kill()
        raise TimeoutError(f'{len(hanging)} of {world_size} processes have not ended after {timeout} s')
    return [process.exitcode for process in ranks]


def _rank(rank: int, world_size: int, port: int, target: Callable, args: tuple) -> None:
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size), MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port)
    )
    target(*args)
