"""Run a script of tools/ in this process, which spares the imports."""

import importlib.util
import logging
import sys

from tests.helpers.train import ROOT


def run_here(script, *args, monkeypatch, capsys):
    """Run `main` of tools/<script>; return exit status, output and errors."""
    spec = importlib.util.spec_from_file_location('script', ROOT / 'tools' / script)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr(logging, 'raiseExceptions', False)  # of loggers that hold an earlier test's stderr
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(sys, 'argv', [script, *map(str, args)])
    spec.loader.exec_module(module)
    try:
        status = module.main()
    except SystemExit as exit_:  # argparse
        status = exit_.code
    return (status, *capsys.readouterr())
