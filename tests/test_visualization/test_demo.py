import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_demo_ends_with_a_summary_whose_files_exist(tmp_path):
    """Two epochs of 72 clips: every file that the summary names is there, and the loss falls."""
    command = [sys.executable, 'tools/misc/demo.py', '--out', str(tmp_path), '--clips', '72', '--epochs', '2']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    summary = (tmp_path / 'report/summary.md').read_text()
    named = [Path(name) for name in re.findall(r'\| `(.+?)` \|', summary)]
    assert len(named) == 6
    assert all(path.exists() for path in named)
    for picture in re.findall(r'!\[.*\]\((.+)\)', summary):
        assert cv2.imread(str(tmp_path / 'report' / picture)) is not None
    for term in ('loss_video', 'loss_audio'):
        first, last = map(float, re.search(rf'\| {term} \| (\S+) \| (\S+) \|', summary).groups())
        assert last < first


@pytest.mark.slow
def test_demo_stops_where_a_tool_fails(tmp_path):
    command = [sys.executable, 'tools/misc/demo.py', '--out', str(tmp_path), '--clips', '72', '--epochs', '-1']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'The demo stops: tools/train.py' in done.stderr
