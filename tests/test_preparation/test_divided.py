"""A preparation that is divided among machines gives what one undisturbed run gives, byte for byte."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from mmavf.cli.main import main
from mmavf.errors import PreparationError
from mmavf.preparation import divided, run
from mmavf.preparation.divided import DividedPreparation
from mmavf.preparation.job import Preparer
from mmavf.preparation.run import Preparation
from mmavf.preparation.settings import PrepareSettings

from ..helpers.raw_folder import contents, write_raw
from .test_run import PACKS, InlinePool, settings


@pytest.fixture(scope='module')
def raw(tmp_path_factory):
    return write_raw(tmp_path_factory.mktemp('raw'))


@pytest.fixture
def inline(monkeypatch):
    monkeypatch.setattr(run, 'WorkerPool', InlinePool)


def _whole(raw, out, chosen):
    Preparation(chosen, raw, out).run()
    return contents(out)


def _parts(raw, out, chosen, numbers=(2, 3, 1), of=3):
    for number in numbers:
        DividedPreparation(chosen, raw, out).run_part((number, of))


@pytest.mark.parametrize('pack', PACKS)
@pytest.mark.parametrize('of', [1, 3, 9])
def test_parts_merged_are_one_run_byte_for_byte(raw, tmp_path, inline, pack, of):
    wanted = _whole(raw, tmp_path / 'whole', settings(pack))
    _parts(raw, tmp_path / 'out', settings(pack), range(of, 0, -1), of)
    assert not (tmp_path / 'out/manifest.json').exists() and not (tmp_path / 'out/lists').exists()
    summary = DividedPreparation(settings(pack), raw, tmp_path / 'out').merge()
    assert contents(tmp_path / 'out') == wanted  # the journal too: in this process, jobs are done in order
    assert summary == json.loads((tmp_path / 'whole/summary.json').read_text())


def test_a_corpus_and_the_first_clips_alone(raw, tmp_path, inline):
    corpus = PrepareSettings(dataset='custom', detector='none', size=48, min_sec=0.2, max_sec=0.5)
    wanted = [_whole(raw, tmp_path / 'whole', corpus)]
    Preparation(corpus, raw, tmp_path / 'first', limit=4).run()
    wanted.append(contents(tmp_path / 'first'))
    for name, limit in (('all', None), ('four', 4)):
        for number in (1, 2):
            DividedPreparation(corpus, raw, tmp_path / name, limit).run_part((number, 2))
        DividedPreparation(corpus, raw, tmp_path / name, limit).merge()
    assert [contents(tmp_path / 'all'), contents(tmp_path / 'four')] == wanted


def test_each_clip_is_done_once(raw, tmp_path, inline, monkeypatch):
    done = []
    original = Preparer._prepare
    monkeypatch.setattr(Preparer, '_prepare', lambda self, job: done.append(job.clip.id) or original(self, job))
    _parts(raw, tmp_path / 'out', settings(), (1, 2, 3, 2, 1))
    assert len(done) == len({*done}) == 7


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, 'killpg'), reason='wants groups of processes')
def test_a_part_whose_processes_are_killed_continues_by_itself(raw, tmp_path, inline):
    out = tmp_path / 'out'
    words = ['custom', '--raw', raw, '--out', out, '--workers', '1', '--detector', 'none', '--size', '48']
    words += ['--pack', 'shards', '--pack-options', 'clips_per_shard=3', '--options', 'labels=labels.csv']
    command = [sys.executable, '-m', 'mmavf', 'prepare', *map(str, words), '--part', '1/2']
    killed = subprocess.Popen(command, start_new_session=True)
    while not any((out / 'parts/1-of-2/.work').glob('*')) and killed.poll() is None:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert any((out / 'parts/1-of-2/.work').iterdir())
    _parts(raw, out, settings('shards'), (2, 1), of=2)
    DividedPreparation(settings('shards'), raw, out).merge()
    left, wanted = contents(out), _whole(raw, tmp_path / 'whole', settings('shards'))
    assert left == wanted


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_merging_that_was_stopped_is_repeated(raw, tmp_path, inline, monkeypatch):
    wanted = _whole(raw, tmp_path / 'whole', settings())
    _parts(raw, tmp_path / 'parts done', settings())
    for step in range(20):
        out, calls = tmp_path / f'out {step}', iter(range(20))
        shutil.copytree(tmp_path / 'parts done', out)

        def mortal(work, step=step, calls=calls):
            def replacement(*args):
                if next(calls) >= step:
                    raise Killed
                return work(*args)

            return replacement

        with monkeypatch.context() as patch:
            for owner, name in ((run, 'write_atomically'), (run, 'draw_outcomes'), (divided, 'remove')):
                patch.setattr(owner, name, mortal(getattr(owner, name)))
            with suppress(Killed):
                DividedPreparation(settings(), raw, out).merge()
                break
        DividedPreparation(settings(), raw, out).merge()
        assert contents(out) == wanted
    assert step > 5 and contents(out) == wanted


def _merge_error(raw, out, chosen=None):
    with pytest.raises(PreparationError) as caught:
        DividedPreparation(chosen or settings(), raw, out).merge()
    return str(caught.value)


def test_parts_that_cannot_be_merged_are_named(raw, tmp_path, inline):
    out, parts = tmp_path / 'out', tmp_path / 'out/parts'
    assert 'has no parts: run them first, with --part' in _merge_error(raw, out)
    _parts(raw, out, settings(), (2,))
    assert 'parts 1/3, 3/3 are missing: run them' in _merge_error(raw, out)
    _parts(raw, out, settings(), (3, 1))
    shutil.copytree(parts / '3-of-3', parts / '03-of-3')
    assert 'parts 3/3 are there more than once' in _merge_error(raw, out)
    (parts / '03-of-3').rename(parts / '4-of-4')
    assert 'has parts of 3 and of 4: remove those that do not belong' in _merge_error(raw, out)
    shutil.rmtree(parts / '4-of-4')
    (parts / '3-of-3').rename(tmp_path / 'third')
    shutil.copytree(parts / '2-of-3', parts / '3-of-3')  # a part twice under different names
    assert 'part was [2, 3], is now [3, 3]' in _merge_error(raw, out)
    shutil.rmtree(parts / '3-of-3')
    (tmp_path / 'third').rename(parts / '3-of-3')
    other = dataclasses.replace(settings(), max_missing=0.4)
    message = _merge_error(raw, out, other)
    assert 'settings.max_missing was 0.5, is now 0.4' in message and 'Use the same settings, or remove' in message
    assert not (out / 'journal.jsonl').exists() and not (out / 'manifest.json').exists()


def test_parts_that_are_not_finished_are_named(raw, tmp_path, inline):
    out = tmp_path / 'out'
    _parts(raw, out, settings())
    journal = out / 'parts/2-of-3/journal.jsonl'
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b''.join(lines[:-1]))
    next((out / 'clips').glob('*anna_1*')).unlink()
    message = _merge_error(raw, out)
    assert 'parts 1/3, 2/3 are not finished, 2 clips are left: run them again' in message
    _parts(raw, out, settings())
    DividedPreparation(settings(), raw, out).merge()
    assert contents(out) == _whole(raw, tmp_path / 'whole', settings())


def test_what_is_at_work_or_is_whole_is_left_alone(raw, tmp_path, inline):
    out = tmp_path / 'out'
    _parts(raw, out, settings(), (1,))
    with pytest.raises(PreparationError, match='has parts of 3, not of 4: use that'):
        _parts(raw, out, settings(), (2,), of=4)
    with pytest.raises(PreparationError, match='not empty and not a preparation'):
        Preparation(settings(), raw, out).run()
    _parts(raw, out, settings(), (2, 3))
    with DividedPreparation(settings(), raw, out)._open((2, 3)):
        assert 'another run is at work there' in _merge_error(raw, out)
        with pytest.raises(PreparationError, match='another run is at work there'):
            _parts(raw, out, settings(), (2,))
    DividedPreparation(settings(), raw, out).merge()
    assert 'or they were merged before' in _merge_error(raw, out)
    with pytest.raises(PreparationError, match='holds a preparation that is not divided, or was merged'):
        _parts(raw, out, settings(), (2,))
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/notes.txt').touch()
    with pytest.raises(PreparationError, match='not empty and not a preparation'):
        _parts(raw, tmp_path / 'mine', settings(), (1,))


def test_a_merged_preparation_continues_as_any(raw, tmp_path, inline):
    shutil.copytree(raw, tmp_path / 'raw')
    out = tmp_path / 'out'
    _parts(tmp_path / 'raw', out, settings())
    DividedPreparation(settings(), tmp_path / 'raw', out).merge()
    shutil.copy(raw / 'ben/3.mp4', tmp_path / 'raw/ben/4.mp4')
    assert Preparation(settings(), tmp_path / 'raw', out).run(retry_failed=True)['counts']['clips'] == 6


def test_the_command(raw, tmp_path, inline, capsys):
    words = [
        'prepare',
        'custom',
        '--raw',
        str(raw),
        '--out',
        str(tmp_path / 'out'),
        '--detector',
        'none',
        '--size',
        '48',
    ]
    words += ['--options', 'labels=labels.csv']
    for wrong, message in [
        (['--part', '4/3'], 'argument --part'),
        (['--part', '1/3', '--merge'], '--merge comes after the last --part'),
        (['--part', '1/3', '--restart'], '--restart does not go with --part or --merge'),
    ]:
        with pytest.raises(SystemExit) as ended:
            main([*words, *wrong])
        assert ended.value.code == 2 and message in capsys.readouterr().err
    assert [main([*words, '--part', f'{number}/3']) for number in (1, 2, 3)] == [0, 0, 0]
    assert 'This part is done: 2 raw clips, 1 left out.' in capsys.readouterr().out
    assert main([*words, '--merge']) == 0
    assert '5 clips' in capsys.readouterr().out
    assert contents(tmp_path / 'out') == _whole(raw, tmp_path / 'whole', settings())
