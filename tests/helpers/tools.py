"""Run a script of tools/ in this process, which spares the imports."""

import logging
import runpy
import sys
from contextlib import redirect_stderr
from io import StringIO

from tests.helpers.train import ROOT


def run_here(script, *args, monkeypatch, capsys):
    """Run tools/<script> as `python` does; return exit status, output and errors."""
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr(logging, 'raiseExceptions', False)  # of loggers that hold an earlier test's stderr
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(sys, 'argv', [script, *map(str, args)])
    try:
        runpy.run_path(str(ROOT / 'tools' / script), run_name='__main__')
    except SystemExit as end:
        return (end.code, *capsys.readouterr())
    raise AssertionError(f'{script} ended without an exit status')


def run_main(script, *words, monkeypatch):
    """Run tools/<script> as `python` does, from the root of the project; return the errors if it fails, else None."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(logging, 'raiseExceptions', False)  # of loggers that hold an earlier test's stderr
    monkeypatch.setattr(sys, 'argv', [f'tools/{script}', *map(str, words)])
    monkeypatch.setattr(sys, 'path', list(sys.path))
    with redirect_stderr(StringIO()) as errors:
        try:
            runpy.run_path(f'tools/{script}', run_name='__main__')
        except SystemExit as end:
            return errors.getvalue().strip() if end.code else None
    raise AssertionError(f'{script} ended without an exit status')
