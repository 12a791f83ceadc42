"""`make setup`: what it installs when, with an interpreter that only writes down what it is asked to do."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Says that all imports work, answers other questions (-c) and scripts with the real interpreter, makes an environment
# of itself, and logs the rest.
STUB = """#!/bin/bash
case "$*" in '-c import '*torchaudio*) exit 0 ;; esac
case "$1" in
    -c|*.py) exec '{python}' "$@" ;;
    -m) echo "$*" >> '{log}'
        if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi ;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    """A fresh clone's files that setting up needs, in a folder with a space in its name."""
    folder = tmp_path / 'a clone'
    (folder / 'tools/misc').mkdir(parents=True)
    shutil.copytree(ROOT / 'requirements', folder / 'requirements')
    for name in ('Makefile', 'setup.py', 'pyproject.toml', 'tools/misc/check_system.py'):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def stub(tmp_path):
    """The interpreter that logs; its log is `log` beside it."""
    file = tmp_path / 'python-stub'
    file.write_text(STUB.format(python=sys.executable, log=tmp_path / 'log'))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def make_setup(clone, stub, **variables):
    """Run `make setup` and return the log's new lines: what the interpreter was asked for."""
    environment = {name: value for name, value in os.environ.items() if name not in ('VENV', 'PYTHON', 'MAKEFLAGS')}
    command = ['make', 'setup', f'PYTHON={stub}', *(f'{name}={value}' for name, value in variables.items())]
    subprocess.run(command, cwd=clone, env=environment, capture_output=True, check=True)
    log = stub.with_name('log')
    lines = log.read_text().splitlines() if log.exists() else []
    log.write_text('')
    return lines


@pytest.mark.parametrize('venv', ['.venv', 'my environment'])
def test_a_new_environment_gets_the_tested_versions_once(clone, stub, venv):
    constraints = 'requirements/constraints-py{}{}.txt'.format(*sys.version_info)
    made, installed, package = make_setup(clone, stub, VENV=venv)
    assert made == f'-m venv {venv}'
    assert f'-c {constraints}' in installed
    assert all(f'-r requirements/{name}.txt' in installed for name in ('runtime', 'tests', 'docs'))
    assert package.endswith('--no-deps --no-build-isolation -e .')
    assert make_setup(clone, stub, VENV=venv) == []


def test_setup_runs_again_when_a_requirement_changed(clone, stub):
    make_setup(clone, stub)
    later = (clone / '.venv/.mmavf-setup').stat().st_mtime + 10
    os.utime(clone / 'requirements/runtime.txt', (later, later))
    lines = make_setup(clone, stub)
    assert len(lines) == 2 and all('pip install' in line for line in lines)


def test_an_environment_of_the_user_keeps_its_versions(clone, stub):
    (clone / 'mine/bin').mkdir(parents=True)
    shutil.copy(stub, clone / 'mine/bin/python')
    installed, package = make_setup(clone, stub, VENV='mine')
    assert '-c ' not in installed and '-r requirements/runtime.txt' in installed


@pytest.fixture
def check_system():
    spec = importlib.util.spec_from_file_location('check_system', ROOT / 'tools/misc/check_system.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_missing_library_is_named_with_the_line_that_mends_it(check_system, monkeypatch):
    monkeypatch.setattr(check_system, 'LIBRARIES', {'libc.so.6': 'libc6', 'libnowhere.so.9': 'libnowhere9'})
    with pytest.raises(SystemExit, match=r'lacks libnowhere\.so\.9\. As root:\s+.*apt-get install -y libnowhere9\n'):
        check_system.main()


def test_a_missing_venv_is_named_with_the_line_that_mends_it(check_system, monkeypatch):
    monkeypatch.setattr(check_system, 'LIBRARIES', {})
    monkeypatch.setattr(check_system.importlib.util, 'find_spec', lambda name: None if name == 'ensurepip' else True)
    with pytest.raises(SystemExit, match=r'install -y python{}\.{}-venv\n'.format(*sys.version_info)):
        check_system.main()


def test_an_old_interpreter_is_refused(check_system, monkeypatch):
    monkeypatch.setattr(check_system.sys, 'version_info', (3, 9, 18))
    with pytest.raises(SystemExit, match=r'Python 3\.9\.18 .* is not supported'):
        check_system.main()


# Stands for the project's: notes where it runs, and fails in the tests.
MAKEFILE = """
setup: ; @mkdir -p .venv/bin
lint docs test: ; @echo "$@|$$PWD|$$PYTHONPATH|$(VENV)|$$(cat 'a file')" >> '{log}'; [ $@ != test ]
"""


@pytest.mark.parametrize('with_git', [True, False])
def test_what_ci_runs_runs_in_a_copy_whose_path_holds_a_space(tmp_path, with_git):
    checkout, log = tmp_path / 'checkout', tmp_path / 'log'
    (checkout / '.ci').mkdir(parents=True)
    shutil.copy(ROOT / '.ci/run', checkout / '.ci/run')
    (checkout / 'Makefile').write_text(MAKEFILE.format(log=log))
    (checkout / 'a file').write_text('content')
    if with_git:
        subprocess.run(['git', 'init', '-q', checkout], check=True)
        (checkout / '.gitignore').write_text('.venv/\n')
    variables = {name: value for name, value in os.environ.items() if name not in ('VENV', 'MAKEFLAGS')}
    done = subprocess.run([checkout / '.ci/run'], env=dict(variables, TMPDIR=str(tmp_path)), capture_output=True)
    assert done.returncode != 0  # as the tests fail
    lint, docs, test = (line.split('|') for line in log.read_text().splitlines())
    assert (lint[0], docs[0], test[0]) == ('lint', 'docs', 'test') and lint[1:] == docs[1:] == test[1:]
    _, where, python_path, venv, content = test
    assert ' ' in where and python_path == where and venv == str(checkout / '.venv') and content == 'content'
    assert not Path(where).exists() and sorted(path.name for path in tmp_path.iterdir()) == ['checkout', 'log']
