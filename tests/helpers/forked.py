"""Scripts run as a user runs them, in processes that are spared the imports."""

import atexit
import multiprocessing
import os
import runpy
import sys
from multiprocessing.forkserver import _forkserver as forkserver
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from .ranks import end_ranks, start_ranks

ROOT = Path(__file__).parents[2]


class ForkedScript:
    """`python SCRIPT WORDS` from the root, in a session of its own; a few of the members of `subprocess.Popen`.

    Args:
        processes: Ranks of a group, as a launcher starts them; the status is that of the first that failed.
    """

    def __init__(self, script: Path | str, *words: object, processes: int = 1) -> None:
        self.args = [str(script), *map(str, words)]
        self._folder = TemporaryDirectory()
        self._ranks = start_ranks(_run, processes, self.args, self._folder.name)
        self.pid = self._ranks[0].pid

    @property
    def returncode(self) -> int | None:
        """Status of the script; None while it runs."""
        codes = [process.exitcode for process in self._ranks]
        return None if None in codes else next(filter(None, codes), 0)

    def communicate(self, timeout: float = 300) -> tuple[str, str]:
        """Wait for the end; return output and errors."""
        end_ranks(self._ranks, timeout)
        return Path(self._folder.name, '1').read_text(), Path(self._folder.name, '2').read_text()


def run_forked(script: Path | str, *words: object, processes: int = 1) -> CompletedProcess:
    """Run a script as ForkedScript does, to its end."""
    running = ForkedScript(script, *words, processes=processes)
    output, errors = running.communicate()
    return CompletedProcess(running.args, running.returncode, output, errors)


def _run(command: list[str], folder: str) -> None:
    os.setsid()
    for number in (1, 2):  # output and errors
        os.dup2(os.open(f'{folder}/{number}', os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.update(PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES='')
    os.chdir(ROOT)
    # as in a new process: the default way to start others, and no server for them yet
    multiprocessing.set_start_method(None, force=True)
    forkserver.__init__()
    sys.argv = command
    try:
        runpy.run_path(command[0], run_name='__main__')
    finally:
        atexit._run_exitfuncs()  # which forked processes leave out
