"""The command `mmavf`: its sub-commands, the scripts of tools/ that stand for them, and how it ends."""

import logging
import os
import re
import subprocess
import sys
from argparse import Namespace

import pytest

from mmavf import __version__
from mmavf.cli.commands import prepare
from mmavf.cli.main import COMMANDS, main
from mmavf.cli.program import UsageError, run_program
from mmavf.errors import ListError
from tests.helpers.forked import run_forked
from tests.helpers.models import ROOT
from tests.helpers.tools import run_here

DOORS = {
    door[1]: path.relative_to(ROOT / 'tools')
    for path in sorted((ROOT / 'tools').rglob('*.py'))
    if (door := re.search(r"main\(\['([\w-]+)'", path.read_text()))
}


WITHOUT_DOOR = {
    'ablate',
    'contribution',
    'data-stats',
    'extract',
    'models',
    'predict',
    'publish',
    'serve',
}  # younger than the command: there never was a script


def help_of(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, '--help'])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_the_list_of_commands_and_every_commands_help_load_neither_pytorch_nor_mmengine():
    code = """
import sys
from mmavf.cli.main import COMMANDS, main
for words in (['--help'], ['--version'], *([name, '--help'] for name in COMMANDS)):
    try:
        main(words)
    except SystemExit as end:
        assert end.code == 0
print(sorted({'torch', 'mmcv', 'mmengine'}.intersection(sys.modules)))
"""
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.splitlines()[-1] == '[]'
    assert f'mmavf {__version__}' in done.stdout and all(f'    {name} ' in done.stdout for name in ('train', 'doctor'))


def test_the_list_of_models_is_shown_without_loading_pytorch():
    words = [sys.executable, '-X', 'importtime', '-m', 'mmavf', 'models']
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    assert ' mmavf.cli.program' in done.stderr and done.stdout
    assert not re.search(r'\| +(torch|mmengine)$', done.stderr, re.MULTILINE)


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_help_and_a_script_with_the_same(name, monkeypatch, capsys):
    text = help_of(name, capsys)
    assert text.startswith(f'usage: mmavf {name} ') and '--debug' in text
    if name not in WITHOUT_DOOR:
        assert run_here(DOORS[name], '--help', monkeypatch=monkeypatch, capsys=capsys) == (0, text, '')


def test_overrides_are_described_alike_wherever_they_are_taken(capsys):
    texts = [' '.join(help_of(name, capsys).split()) for name in COMMANDS]
    described = {text.partition('--cfg-options KEY=VALUE [KEY=VALUE ...]')[2][:60] for text in texts}
    options = [text.split('options: ')[1] for text in texts if '--cfg-options' in text]
    assert len(options) >= 8 and described
    assert all('override values of the config: key=value, a.b=value, key="[a,b]"' in text for text in options)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'COMMAND'),
        (['trian'], "invalid choice: 'trian'"),
        (['train'], 'config'),
        (['train', 'a.py', '--seed', '-1'], '--seed'),
        (['train', 'a.py', '--seed', str(2**32)], 'is not a whole number from 0 to'),
        (['train', 'a.py', '--launcher', 'ssh'], '--launcher'),
        (['test', 'a.py', 'a.pth', '--dump', 'p.json'], 'must end in .pkl'),
        (['test', 'a.py', 'https://example.org/a.pth'], 'set --out'),
        (['cross-validate', 'a.py', '--fold', '1'], '--folds'),
        (['cross-validate', 'a.py', '--jobs', '0'], '--jobs must be 1 or more'),
        (['report'], 'WORK_DIR'),
        (['check'], 'pass a config'),
        (['doctor', 'a.py', '--list', 'b.csv'], 'pass a config'),
        (['prepare', 'ravdess'], '--raw and --out are needed'),
        (['convert', 'a.pth'], 'DST'),
    ],
)
def test_misuse_is_status_2_with_the_usage(words, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    errors = capsys.readouterr().err
    assert end.value.code == 2 and errors.startswith('usage: mmavf') and message in errors and 'Traceback' not in errors


@pytest.mark.parametrize(
    'words',
    [
        ['train', 'gone.py'],
        ['test', 'gone.py', 'gone.pth'],
        ['eval-metric', 'gone.py', 'gone.pkl'],
        ['confusion-matrix', 'gone.pkl'],
        ['convert', 'gone.pth', 'out.pth'],
        ['fill-folds', 'ravdess', 'gone.csv'],
        ['check', '--list', 'gone.csv'],
        ['report', 'gone'],
        ['print-config', 'gone.py'],
    ],
)
def test_an_error_of_a_run_is_status_1_and_one_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(logging, 'raiseExceptions', False)  # of loggers that hold an earlier test's stderr
    assert main(words) == 1
    out, errors = capsys.readouterr()
    assert re.match(r'\w+Error: .*gone', errors) and errors.count('\n') == 1 and not out
    assert not list(tmp_path.iterdir())


def test_statuses_of_a_program(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'path', list(sys.path))

    def status(run, *words):
        return run_program('Does it.', lambda parser: parser.add_argument('--word'), run, words, 'it')

    assert status(lambda args: None) == 0 and status(lambda args: 3) == 3
    seen = []
    assert status(lambda args: seen.append(args.word), '--word', 'x') == 0 and seen == ['x']

    def fail(args):
        raise ListError('a.csv: empty')

    assert status(fail) == 1 and capsys.readouterr().err == 'ListError: a.csv: empty\n'

    def misuse(args):
        raise UsageError('not so')

    with pytest.raises(SystemExit) as end:
        status(misuse)
    assert end.value.code == 2 and capsys.readouterr().err.endswith('it: error: not so\n')
    with pytest.raises(ZeroDivisionError):
        status(lambda args: 1 / 0)


def test_debug_shows_the_traceback(tmp_path):
    """In a process of its own: MMEngine's logger keeps the stream that it began with."""
    for words, shown in (([], False), (['--debug'], True)):
        done = run_forked(ROOT / 'mmavf/__main__.py', 'confusion-matrix', tmp_path / 'gone.pkl', *words)
        assert done.returncode == 1 and ('Traceback' in done.stdout + done.stderr) == shown


def test_modules_of_the_current_folder_can_be_imported_by_a_config(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'path', [path for path in sys.path if path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'imported_by_a_config.py').write_text('')
    (tmp_path / 'config.py').write_text("custom_imports = dict(imports=['imported_by_a_config'])\n")
    assert main(['print-config', 'config.py']) == 0, capsys.readouterr().err
    assert 'imported_by_a_config' in sys.modules


def test_settings_of_a_preparation_are_its_command_line(tmp_path):
    """What cannot work among them is misuse, which the settings find and not argparse."""
    args = dict.fromkeys((*prepare.SETTINGS, 'limit', 'list_datasets'))
    args |= dict(dataset='custom', raw=tmp_path, out=tmp_path / 'inside', options={}, pack_options={})
    args |= dict(detector='none', pack='mp4', size=48, choose='largest', max_missing=0.5, sound=True)
    with pytest.raises(UsageError, match='may be inside the other'):
        prepare.run(Namespace(**args))


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f'{sys.executable} -u -m mmavf models | head -c 1; echo "status ${{PIPESTATUS[0]}}"'
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, env=env, check=True)
    assert done.stderr == '' and done.stdout.splitlines()[-1].endswith(('status 141', 'status 0'))
