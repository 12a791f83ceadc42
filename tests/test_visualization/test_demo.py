import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from mmavf.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
SHORT = ('--pretrain-epochs', '1', '--postpretrain-epochs', '1', '--finetune-epochs', '1', '--folds', '1')


def run_demo(out, *options):
    command = [sys.executable, 'tools/misc/demo.py', '--out', str(out), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_demo_runs_all_stages_and_reports_every_variant(tmp_path):
    """One epoch a stage: every file that the summary names is there, every variant is tested and in the report."""
    done = run_demo(tmp_path, *SHORT)
    assert done.returncode == 0, done.stderr
    summary = (tmp_path / 'report/summary.md').read_text()
    named = [Path(name) for names in re.findall(r'\| `(.+?)` \|', summary) for name in names.split(', ')]
    assert len(named) == 6
    assert all(path.exists() for path in named)
    for picture in re.findall(r'!\[.*\]\((.+)\)', summary):
        assert cv2.imread(str(tmp_path / 'report' / picture)) is not None
    results = [json.loads(path.read_text()) for path in (tmp_path / 'runs').glob('*/seed_0/results.json')]
    assert len(results) == 5
    page = (tmp_path / 'report/report.html').read_text()
    for title in ('from scratch', 'pre-trained', 'pre-trained + PSI', 'PSI, video only', 'PSI, audio only'):
        assert title in page


@pytest.fixture
def demo():
    return runpy.run_path(str(ROOT / 'tools/misc/demo.py'))


@pytest.mark.parametrize('foreign', ['runs/scratch/events.out', 'report/thesis.tex'])
def test_the_demo_writes_to_no_folder_of_others(tmp_path, demo, foreign):
    (tmp_path / foreign).parent.mkdir(parents=True)
    (tmp_path / foreign).write_text('mine')
    with pytest.raises(ConfigError, match='was not made by the demo'):
        demo['claim_all'](tmp_path, resume=False)
    assert (tmp_path / foreign).read_text() == 'mine'


def test_the_demo_removes_its_own_runs_alone(tmp_path, demo):
    claim_all = demo['claim_all']
    claim_all(tmp_path, resume=False)
    for name in ('scratch/old', 'stages/old', 'exp1'):
        (tmp_path / 'runs' / name).mkdir()
    claim_all(tmp_path, resume=True)
    assert (tmp_path / 'runs/scratch/old').exists()
    claim_all(tmp_path, resume=False)
    assert not list((tmp_path / 'runs').rglob('old')) and (tmp_path / 'runs/exp1').exists()


@pytest.mark.slow
def test_demo_stops_where_a_tool_fails(tmp_path):
    done = run_demo(tmp_path, '--pretrain-epochs', '-1')
    assert done.returncode == 1
    assert 'max_epochs' in done.stderr
