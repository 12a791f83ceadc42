"""One run at a time in a work dir, and what a killed one left there."""

import errno
import json
import multiprocessing
import os
import subprocess
import sys
import time

import pytest
from mmengine.logging import MMLogger

from mmavf.engine.work_dir import claim, release, repair_records, resume_hint
from mmavf.errors import WorkDirError
from mmavf.files.file_lock import FolderLock
from tests.helpers.tools import run_here
from tests.helpers.train import ROOT, TINY, run_train, tiny_runner


def keep_and_wait(pipe, folder):
    FolderLock(folder)
    pipe.send(None)
    time.sleep(60)


@pytest.fixture
def holder(tmp_path):
    """Another process at work in the folder `run`."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context('fork').Process(target=keep_and_wait, args=(theirs, tmp_path / 'run'))
    process.start()
    ours.recv()
    yield process
    process.kill()
    process.join()


@pytest.mark.parametrize(
    ('script', 'args'),
    [
        ('train.py', [TINY, '--work-dir', '{}']),
        ('cross_validate.py', [ROOT / 'tests/helpers/tiny_finetune.py', '--work-dir', '{}']),
    ],
)
def test_a_second_run_ends_with_one_sentence_and_touches_nothing(tmp_path, holder, script, args, monkeypatch, capsys):
    words = [str(arg).format(tmp_path / 'run') for arg in args]
    status, _, errors = run_here(script, *words, monkeypatch=monkeypatch, capsys=capsys)
    (line,) = errors.strip().splitlines()
    assert status == 1 and line.startswith(f'WorkDirError: {tmp_path}/run: another run is at work there (host ')
    assert f'process {holder.pid}, since' in line
    assert [path.name for path in (tmp_path / 'run').iterdir()] == ['.lock']


def test_a_run_that_was_killed_is_in_nobodys_way(tmp_path, holder):
    holder.kill()
    holder.join()
    tiny_runner(tmp_path / 'run', train_cfg__max_epochs=1).train()
    assert (tmp_path / 'run' / 'epoch_1.pth').exists() and not (tmp_path / 'run' / '.lock').exists()


def test_a_process_may_have_several_runners_in_a_folder_and_lets_it_go_when_they_are_done(tmp_path):
    tiny_runner(tmp_path)
    runner = tiny_runner(tmp_path, train_cfg__max_epochs=1)
    assert (tmp_path / '.lock').exists()
    runner.train()
    assert not (tmp_path / '.lock').exists()
    claim(tmp_path)
    claim(tmp_path)
    release(tmp_path)
    release(tmp_path)
    FolderLock(tmp_path).release()


def test_a_file_in_the_place_of_a_work_dir(tmp_path):
    (tmp_path / 'run').write_text('')
    with pytest.raises(WorkDirError, match='run is a file, not a folder'):
        tiny_runner(tmp_path / 'run')


@pytest.mark.slow
def test_all_ranks_of_a_second_run_fail_at_once(tmp_path, holder):
    start = time.time()
    done = run_train(tmp_path / 'run', processes=2)
    assert done.returncode == 1 and time.time() - start < 120
    assert done.stderr.count('WorkDirError: ') >= 1 and f'process {holder.pid}, since' in done.stderr


@pytest.mark.slow
def test_after_a_kill_with_data_workers_the_run_goes_on_at_once(tmp_path):
    command = [sys.executable, ROOT / 'tools/train.py', TINY, '--work-dir', tmp_path, '--cfg-options']
    command += ['train_dataloader.num_workers=2', 'train_cfg.max_epochs=300']
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'CUDA_VISIBLE_DEVICES': ''}
    with subprocess.Popen(list(map(str, command)), env=env, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not (tmp_path / 'epoch_1.pth').exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait()
        FolderLock(tmp_path).release()  # while the data workers look whether their parent lives


def test_records_are_mended_when_a_training_starts(tmp_path, monkeypatch):
    told = []
    scalars, nonfinite = tmp_path / 'earlier' / 'vis_data' / 'scalars.json', tmp_path / 'nonfinite_samples.jsonl'
    scalars.parent.mkdir(parents=True)
    scalars.write_bytes(b'{"loss": 1.0, "iter": 1}\n{"loss": 0.9, "it{"loss": 0.8, "iter": 3}\n{"lo')
    nonfinite.write_bytes(b'{"iter": 4, "sample_ids": ["\xe8\xa1')
    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text, *args: told.append(text))
    repair_records(tmp_path)
    assert scalars.read_bytes() == b'{"loss": 1.0, "iter": 1}\n' and nonfinite.read_bytes() == b''
    assert len(told) == 2 and f'{scalars}: skipped 2 lines' in told[0]
    scalars.write_text('{"loss": 1.0, "iter": 1}\n{"lo')
    tiny_runner(tmp_path, train_cfg__max_epochs=1).train()
    assert json.loads(scalars.read_text()) == {'loss': 1.0, 'iter': 1}


def test_how_a_stopped_run_goes_on(tmp_path):
    assert resume_hint(tmp_path) == 'It has written no checkpoint yet.'
    (tmp_path / 'last_checkpoint').write_text('elsewhere/iter_4.pth')
    assert 'names elsewhere/iter_4.pth, which does not exist' in resume_hint(tmp_path)
    (tmp_path / 'iter_4.pth').write_bytes(b'')
    assert resume_hint(tmp_path) == f'The last checkpoint is {tmp_path}/iter_4.pth: continue from it with --resume.'


@pytest.mark.parametrize('target', ['epoch_2.pth', 'last_checkpoint'])
def test_a_full_disk_costs_the_run_but_not_the_checkpoint_before(tmp_path, monkeypatch, target):
    written = []

    def fsync(fd, flush=os.fsync):
        path = os.readlink(f'/proc/self/fd/{fd}')
        written.append(path)
        if target in path and any('epoch_2' in path for path in written):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(fd)

    monkeypatch.setattr(os, 'fsync', fsync)
    with pytest.raises(WorkDirError, match=rf'{target} cannot be written \(No space left on device\).*--resume'):
        tiny_runner(tmp_path, default_hooks__checkpoint__iter_interval=0).train()
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_1.pth')
    assert not list(tmp_path.glob('*.unfinished'))
    monkeypatch.undo()
    runner = tiny_runner(tmp_path, resume=True)
    runner.train()
    assert runner.epoch == 3
