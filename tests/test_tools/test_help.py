"""Every program of tools/ and projects/ shows its help at once: before it loads anything that takes long."""

import json
import os
import subprocess
import sys

from tests.helpers.models import ROOT

HEAVY = ['av', 'cv2', 'matplotlib', 'mmcv', 'mmengine', 'numpy', 'pandas', 'scipy', 'sklearn', 'torch']
WITHOUT_OPTIONS = {
    'tools/analysis_tools/build_worker.py',
    'tools/analysis_tools/pack_worker.py',
    'tools/misc/check_docs.py',
    'tools/misc/check_system.py',
}
PROGRAMS = sorted(
    str(path.relative_to(ROOT))
    for folder in ('tools', 'projects')
    for path in (ROOT / folder).rglob('*.py')
    if "__name__ == '__main__'" in path.read_text()
)
# Runs each program as `python` does, all in one process, and prints what each one showed and loaded.
RUN = """
import contextlib, io, json, os, runpy, sys
programs, heavy = json.load(sys.stdin)
for program in programs:
    before, shown = set(sys.modules), io.StringIO()
    sys.argv = [program, '--help']
    sys.path.insert(0, os.path.dirname(program))
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        if program.startswith('projects/'):
            runpy.run_module(program.removesuffix('.py').replace('/', '.'), run_name='__main__')
        else:
            runpy.run_path(program, run_name='__main__')
    del sys.path[0]
    loaded = sorted((set(sys.modules) - before).intersection(heavy))
    print(json.dumps([program, shown.getvalue()[:7], loaded]))
"""


def run_all(programs, cwd=ROOT):
    """Return for each program the first letters that it showed, and the heavy modules that it was the first to load."""
    done = subprocess.run(
        [sys.executable, '-c', RUN],
        input=json.dumps([programs, HEAVY]),
        capture_output=True,
        text=True,
        cwd=cwd,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_help_loads_nothing_heavy():
    programs = [program for program in PROGRAMS if program not in WITHOUT_OPTIONS]
    assert len(programs) > 30 and set(PROGRAMS) > WITHOUT_OPTIONS
    assert run_all(programs) == [[program, 'usage: ', []] for program in programs]


def test_a_program_that_loads_numpy_before_its_help_is_found(tmp_path):
    (tmp_path / 'slow.py').write_text('import argparse\n\nimport numpy\n\nargparse.ArgumentParser().parse_args()\n')
    assert run_all(['slow.py'], tmp_path) == [['slow.py', 'usage: ', ['numpy']]]
