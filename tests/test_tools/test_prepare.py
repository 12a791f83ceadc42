"""The command that prepares a raw data set, killed, interrupted, and without room on the disk."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ..helpers.forked import ROOT, ForkedScript
from ..helpers.media import counted_frames, tone, write_media
from ..helpers.raw_folder import contents, write_raw
from ..helpers.tools import run_here

OPTIONS = '--detector', 'none', '--size', '48', '--workers', '2'


@pytest.fixture(scope='module')
def raw(tmp_path_factory):
    return write_raw(tmp_path_factory.mktemp('raw'))


@pytest.fixture
def prepare(monkeypatch, capsys):
    return lambda *words: run_here('data/prepare.py', *words, monkeypatch=monkeypatch, capsys=capsys)


def start(raw, out):
    """Start the command as a user does, with all its processes in a group of their own."""
    return ForkedScript(ROOT / 'tools/data/prepare.py', 'custom', '--raw', raw, '--out', out, *OPTIONS)


def wait_for_lines(out, number, process):
    journal = out / 'journal.jsonl'
    while process.returncode is None and not (journal.exists() and journal.read_bytes().count(b'\n') >= number):
        time.sleep(0.002)


@pytest.fixture(scope='module')
def many(tmp_path_factory):
    """Enough clips for a run to be stopped within."""
    folder = tmp_path_factory.mktemp('many')
    for i in range(24):
        write_media(folder / f'{i}.mp4', counted_frames(40 + i), tone(2.6))
    return folder


@pytest.fixture(scope='module')
def undisturbed(many, tmp_path_factory):
    out = tmp_path_factory.mktemp('undisturbed') / 'out'
    process = start(many, out)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    return contents(out, but=('journal.jsonl',))


def test_killed_at_random_moments_and_started_again_gives_the_same_bytes(many, undisturbed, tmp_path):
    moments = random.Random(0)
    for number, kill in ((1, os.kill), (12, os.killpg)):  # lines of the journal that are to be there
        process = start(many, tmp_path / 'out')
        wait_for_lines(tmp_path / 'out', number, process)
        time.sleep(moments.uniform(0, 0.1))
        assert process.returncode is None, process.communicate()
        kill(process.pid, signal.SIGKILL)
        process.communicate()
    process = start(many, tmp_path / 'out')
    process.communicate()
    assert process.returncode == 0
    assert contents(tmp_path / 'out', but=('journal.jsonl',)) == undisturbed


@pytest.mark.parametrize('interruption', [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_how_to_go_on_and_leaves_nothing_half_written(many, undisturbed, tmp_path, interruption):
    process = start(many, tmp_path / 'out')
    wait_for_lines(tmp_path / 'out', 4, process)
    os.killpg(process.pid, interruption)  # as a terminal does, and a batch system
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + interruption
    assert 'Run the same command again to continue' in errors and 'Traceback' not in errors
    left = contents(tmp_path / 'out', but=('journal.jsonl',))
    assert left.items() <= undisturbed.items() and '.work' not in left and 'manifest.json' not in left


def test_status_0_when_something_usable_came_out(raw, prepare, tmp_path):
    status, output, _ = prepare(
        'custom', '--raw', raw, '--out', tmp_path / 'out', *OPTIONS, '--options', 'labels=labels.csv'
    )
    assert status == 0
    assert '7 of 7 raw clips tried.' in output and '5 clips' in output
    assert '1 x the file has no sound stream' in output


def test_status_1_when_nothing_usable_came_out_but_a_summary_did(prepare, tmp_path):
    (tmp_path / 'raw').mkdir()
    (tmp_path / 'raw' / 'a.mp4').write_text('text')
    status, output, _ = prepare('custom', '--raw', tmp_path / 'raw', '--out', tmp_path / 'out')
    assert status == 1 and '1 x cannot be opened as media' in output and '0 clips' in output
    assert (tmp_path / 'out' / 'summary.md').exists() and not (tmp_path / 'out' / 'lists').exists()


def test_a_wrong_raw_folder_says_what_was_expected_where(prepare, tmp_path):
    status, _, errors = prepare('ravdess', '--raw', tmp_path / 'none', '--out', tmp_path / 'out')
    assert status == 1 and 'cannot be read' in errors and '02-01-06-01-02-01-12.mp4' in errors


@pytest.mark.parametrize(
    'words',
    [
        ['ravdess'],
        ['unheard_of', '--raw', 'a', '--out', 'b'],
        ['custom', '--raw', 'a', '--out', 'a/b'],
        ['custom', '--raw', 'a', '--out', 'b', '--size', '33'],
        ['custom', '--raw', 'a', '--out', 'b', '--detector', 'yunet'],
        ['custom', '--raw', 'a', '--out', 'b', '--detector', 'yunet:none.onnx'],
        ['custom', '--raw', 'a', '--out', 'b', '--workers', '0'],
        ['custom', '--raw', 'a', '--out', 'b', '--options', 'lables=labels.csv'],
        ['custom', '--raw', 'a', '--out', 'b', '--pack-options', 'quality=90'],
        ['custom', '--raw', 'a', '--out', 'b', '--max-sec', '5', '--options', 'label_from=folder'],
    ],
)
def test_status_2_for_a_wrong_command(prepare, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    write_media(tmp_path / 'a.mp4', counted_frames(5), tone(0.2))
    (tmp_path / 'a' / 'calm').mkdir(parents=True)
    shutil.move(tmp_path / 'a.mp4', tmp_path / 'a' / 'calm' / 'a.mp4')
    status, _, errors = prepare(*words)
    assert status == 2 and errors
    assert not (tmp_path / 'b').exists()


def test_names_and_layouts_are_shown(prepare):
    status, output, _ = prepare('--list-datasets')
    assert status == 0
    for name in ('mafw11', 'casme2', 'voxceleb2', 'custom'):
        assert f'{name}\n' in output


def can_mount():
    return shutil.which('unshare') and subprocess.run(['unshare', '-rm', 'true'], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason='mounting a small disk is not allowed here')
def test_full_disk_stops_it_and_with_room_it_goes_on_where_mounting_is_allowed(many, undisturbed, tmp_path):
    disk = tmp_path / 'a disk'
    tool = [sys.executable, ROOT / 'tools/data/prepare.py', 'custom', '--raw', many, '--out', disk / 'out', *OPTIONS]
    script = """
        disk=$1 copy=$2; shift 2
        mkdir "$disk" && mount -t tmpfs -o size=1600k none "$disk" || exit 9
        "$@"; echo "status $?"
        find "$disk/out"
        mount -o remount,size=64m "$disk"
        "$@"; echo "status $?"
        cp -r "$disk/out" "$copy"
    """
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1')
    command = ['unshare', '-rm', 'sh', '-c', script, 'sh', disk, tmp_path / 'copy', *tool]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
    assert 'PreparationError' in done.stderr and 'no space left on the disk' in done.stderr, done
    before, after = done.stdout.split('status 1\n')
    assert '.work' not in after and '.unfinished' not in after and 'status 0' in after
    assert contents(tmp_path / 'copy', but=('journal.jsonl',)) == undisturbed
