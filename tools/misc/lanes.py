"""Run the tests with other sets of packages than the pinned ones, each set in an environment of its own.

    python tools/misc/lanes.py                      # every lane
    python tools/misc/lanes.py newest lowest        # some of them
    python tools/misc/lanes.py newest --tests tests # with all fast tests instead of the subset

Needs the interpreter of each lane. An environment takes 6 GB in the temporary folder (`TMPDIR`) and is removed after
its tests. Prints a row of a Markdown table per lane, as in docs/install.md; the output of the tests is written to
`work_dirs/lanes/`. Exits with status 1 when a lane has failed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = [sys.executable, '-m', 'uv']
# What leans on torch, MMEngine and the readers of media.
SUBSET = [
    'tests/test_rooms.py',
    'tests/test_checkpoints',
    'tests/test_engine',
    'tests/test_models',
    'tests/test_evaluation',
    'tests/test_datasets/test_media.py',
    'tests/test_datasets/test_transforms.py',
]
TEST_SEC = 900  # for one test: nothing is compiled yet in a new environment, and lanes are run beside other work
SHOWN = ('torch', 'torchaudio', 'torchvision', 'mmengine', 'onedl-mmengine', 'numpy')


@dataclass(frozen=True)
class Lane:
    """A set of packages to try.

    Args:
        python: Version of the interpreter.
        constraints: The set of `requirements/` that decides the versions; None takes the newest of everything.
        overrides: Requirements that replace the declared ones of the same name.
        extra: Further requirements.
    """

    python: str
    constraints: str | None = None
    overrides: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


LANES = {
    'newest': Lane('3.13', overrides=('torch==2.15.0', 'torchaudio==2.11.1', 'torchvision==0.29.2')),
    'torch-2.14': Lane('3.11', overrides=('torch==2.14.1', 'torchaudio==2.11.1', 'torchvision==0.29.1')),
    'mmengine-rc': Lane('3.11', constraints='py311', overrides=('mmengine==0.11.0rc3',)),
    # A marker that never holds leaves a package out.
    'onedl': Lane(
        '3.11', constraints='py311', overrides=("mmengine; python_version < '3'",), extra=('onedl-mmengine==0.10.12',)
    ),
    'lowest': Lane('3.10', constraints='lowest'),
}


def install(lane: Lane, folder: Path) -> Path:
    """Make the environment of a lane in a folder and return its interpreter."""
    overrides, constraints = folder / 'overrides.txt', folder / 'constraints.txt'
    overrides.write_text('\n'.join(lane.overrides))
    python = folder / 'env/bin/python'
    command = [*UV, 'pip', 'install', '--quiet', '--python', python, '--overrides', overrides, *lane.extra]
    if lane.constraints:
        pins = (ROOT / f'requirements/constraints-{lane.constraints}.txt').read_text().splitlines()
        replaced = {re.split(r'\W', override.replace('-', '_'))[0] for override in lane.overrides}
        pins = [pin for pin in pins if pin.split('==')[0].replace('-', '_') not in replaced]
        constraints.write_text('\n'.join(pins))
        command += ['-c', constraints]
    venv = [*UV, 'venv', '--quiet', '--no-python-downloads', '--python', lane.python, folder / 'env']
    subprocess.run(venv, check=True)
    for name in ('runtime', 'tests'):
        command += ['-r', ROOT / f'requirements/{name}.txt']
    subprocess.run(command, check=True)
    site_packages = next(folder.glob('env/lib/python*/site-packages'))
    (site_packages / 'mmavf.pth').write_text(f'{ROOT}\n')  # the package, without asking for its requirements again
    return python


def versions(python: Path) -> str:
    """Return the versions that a table shows, as text."""
    listed = subprocess.run([*UV, 'pip', 'freeze', '--python', python], capture_output=True, text=True, check=True)
    found = dict(line.split('==') for line in listed.stdout.splitlines() if '==' in line)
    return ', '.join(f'{name} {found[name]}' for name in SHOWN if name in found)


def run_tests(python: Path, tests: list[str], limit: float, log: Path) -> str:
    """Run the fast ones of the tests, their output to `log`; return pytest's last line, or that the time was over."""
    options = ['-m', 'not slow', '-q', '-n', '2', '--dist', 'loadfile', f'--timeout={TEST_SEC}']
    command = [python, '-m', 'pytest', *options, *tests]
    environment = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('w') as output:
        try:
            subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, timeout=limit)
        except subprocess.TimeoutExpired:
            return f'not finished in {limit:.0f} s'
    lines = log.read_text().strip().splitlines() or ['no output']
    return re.sub(r' in .*', '', lines[-1].strip('= '))


def main() -> None:
    """Run the lanes asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('lanes', nargs='*', metavar='LANE', help=f'{", ".join(LANES)}; default: all of them')
    parser.add_argument('--tests', nargs='+', default=SUBSET, metavar='PATH', help='default: the subset of this file')
    parser.add_argument('--timeout', type=float, default=3600, metavar='S', help='seconds for the tests of a lane')
    args = parser.parse_args()
    if unknown := set(args.lanes) - set(LANES):
        parser.error(f'there is no lane {", ".join(sorted(unknown))}; choose from {", ".join(LANES)}')
    failed = False
    for name in args.lanes or LANES:
        with tempfile.TemporaryDirectory(prefix=f'lane-{name}-') as folder:
            try:
                python = install(LANES[name], Path(folder))
                ended = run_tests(python, args.tests, args.timeout, ROOT / f'work_dirs/lanes/{name}.log')
                packages = versions(python)
            except subprocess.CalledProcessError as error:
                packages, ended = '', f'cannot be installed: {error.cmd[3]} ended with {error.returncode}'
            failed |= re.match(r'\d+ passed', ended) is None
            print(f'| {name} | {LANES[name].python} | {packages} | {ended} | {date.today()} |', flush=True)
    sys.exit(int(failed))


if __name__ == '__main__':
    main()
