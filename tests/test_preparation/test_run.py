"""A whole preparation, stopped and gone on with."""

import csv
import dataclasses
import errno
import json
import os
import shutil
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from mmavf.datasets.media.shard import read_index
from mmavf.datasets.transforms import OpenClip
from mmavf.errors import ClipError, ConfigError, PreparationError, RawDataError
from mmavf.faces import FaceCropper, FacePart
from mmavf.preparation import job, journal, run
from mmavf.preparation.job import Preparer
from mmavf.preparation.outcome import ClipJob
from mmavf.preparation.packs import Mp4Pack
from mmavf.preparation.pieces import cut
from mmavf.preparation.run import Preparation
from mmavf.preparation.settings import PrepareSettings, source_sha256
from mmavf.preparation.worker_pool import WorkerCrash

from ..helpers.media import counted_frames, frame_index, onset_sec, tone, write_media
from ..helpers.raw_folder import FRAMES, LABELS, contents, write_raw

PACKS = dict(mp4={}, jpeg={}, shards=dict(clips_per_shard=2))


@pytest.fixture(scope='module')
def raw(tmp_path_factory):
    return write_raw(tmp_path_factory.mktemp('raw'))


def settings(pack='mp4', **others):
    chosen = dict(dataset='custom', options=dict(labels='labels.csv'), detector='none', size=48)
    return PrepareSettings(**chosen, pack=pack, pack_options=PACKS[pack], **others)


class InlinePool:
    """Does jobs in this process, one after the other."""

    def __init__(self, make, args, size, limit_sec, limit_name):
        self.do, self.limit_sec, self.limit_name = make(*args), limit_sec, limit_name

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def run(self, next_job):
        while (job := next_job()) is not None:
            yield job, self.do(job)


@pytest.fixture
def inline(monkeypatch):
    monkeypatch.setattr(run, 'WorkerPool', InlinePool)


def rows(out, file='lists/all.csv'):
    with open(out / file, newline='', encoding='utf-8') as lines:
        return list(csv.DictReader(lines))


def open_row(out, row):
    fps = float(row['fps']) if row.get('fps') else None
    paths = dict(video_path=str(out / row['video']), audio_path=str(out / row['audio']) if row.get('audio') else '')
    return OpenClip().transform(dict(paths, fps=fps))


@pytest.mark.parametrize('pack', PACKS)
def test_list_and_clips_show_what_the_raw_files_do(raw, tmp_path, pack):
    summary = Preparation(settings(pack), raw, tmp_path / 'out').run(workers=2)
    listed = {row['id']: row for row in rows(tmp_path / 'out')}
    assert len(listed) == len(FRAMES) + 1 == summary['counts']['clips']
    clip_id = {name: next(i for i in listed if name[:-4].replace('/', '_') in i) for name in FRAMES}
    for name, count in FRAMES.items():
        row = listed[clip_id[name]]
        assert (row['label'], row['subject']) == (LABELS[name], name.split('/')[0])
        clip = open_row(tmp_path / 'out', row)
        frames = clip['video_reader'].read_frames(range(count))
        assert [frame_index(frame) for frame in frames] == list(range(count)) and clip['total_frames'] == count
        assert frames[0].shape == (48, 48, 3)
        sound = clip['audio_reader'].read_audio(0, count / 25)
        assert onset_sec(sound) == pytest.approx(0.2, abs=0.01)
    folder = next(row for row in listed.values() if row['subject'] == 'carl')
    assert onset_sec(open_row(tmp_path / 'out', folder)['audio_reader'].read_audio(0, 1)) == pytest.approx(
        0.4, abs=0.01
    )
    assert (tmp_path / 'out' / 'classes.txt').read_text() == 'calm\nglad\n'
    assert not (tmp_path / 'out' / '.work').exists()


def test_what_cannot_be_used_is_named_with_its_reason(raw, tmp_path, inline):
    summary = Preparation(settings(), raw, tmp_path / 'out').run()
    reasons = {Path(row['file'] or row['name']).name: row['reason'] for row in rows(tmp_path / 'out', 'left_out.csv')}
    assert reasons.keys() == {'4.mp4', '5.mp4', '9.mp4'}
    assert 'cannot be opened' in reasons['4.mp4'] and 'no sound stream' in reasons['5.mp4']
    assert reasons['9.mp4'] == 'a label without media'
    assert sum(found['number'] for found in summary['left_out'].values()) == 3
    everything = ''.join(path.read_text() for path in (tmp_path / 'out').iterdir() if path.suffix in ('.json', '.md'))
    assert str(raw) not in everything and str(tmp_path) not in everything


def test_names_that_are_not_utf8_cost_their_files_alone(tmp_path, inline):
    raw, out = tmp_path / 'raw', tmp_path / 'out'
    raw.mkdir()
    write_media(raw / 'good.mp4', counted_frames(30), tone(1.2))
    for name in (b'caf\xe9.mp4', b'line\nbreak.txt'):
        (raw / os.fsdecode(name)).write_bytes(b'x')
    for _ in range(2):  # and again, with the journal of the first
        Preparation(PrepareSettings(dataset='custom', detector='none', size=48), raw, out).run()
    assert [row['id'] for row in rows(out, 'lists/pretrain.csv')] == ['good_000']
    assert [(row['name'], row['reason'].split(',')[0]) for row in rows(out, 'left_out.csv')] == [
        ('caf\\xe9.mp4', 'its name is not UTF-8 text'),
        ('line\nbreak.txt', 'not a video'),
    ]
    summary = (out / 'summary.md').read_text(encoding='utf-8')
    assert '`caf\\xe9.mp4`' in summary and '`line\\nbreak.txt`' in summary
    with pytest.raises(ConfigError, match='caf\\\\xe9: the name of the folder is not UTF-8 text'):
        Preparation(PrepareSettings(dataset='custom', detector='none'), raw, tmp_path / os.fsdecode(b'caf\xe9'))


def test_two_clips_of_the_same_name_in_different_folders_are_both_there_and_mentioned(raw, tmp_path, inline):
    summary = Preparation(settings(), raw, tmp_path / 'out').run()
    assert summary['same_names'] == {'1.mp4': ['anna/1.mp4', 'ben/1.mp4']}
    table = (tmp_path / 'out' / 'summary.md').read_text().split()
    assert '| 1 | file names in several folders' in ' '.join(table)
    sizes = {
        open_row(tmp_path / 'out', row)['total_frames'] for row in rows(tmp_path / 'out') if row['label'] == 'calm'
    }
    assert sizes == {FRAMES['anna/1.mp4'], FRAMES['ben/1.mp4']}


class Killed(BaseException):
    """Stands for the end of the process."""


def die_at(step, monkeypatch):
    """Let everything that changes the disk fail from its n-th call on; return the count of calls."""
    count = [0]

    def mortal(owner, name):
        original = getattr(owner, name)

        def replacement(*args, **kwargs):
            count[0] += 1
            if count[0] >= step:
                raise Killed
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, replacement)

    for name in ('replace', 'mkdir', 'unlink'):
        mortal(Path, name)
    mortal(shutil, 'rmtree')
    mortal(journal.Journal, '_append')
    mortal(job, 'write_sound')
    mortal(job, 'write_shard')
    mortal(run, 'write_atomically')
    return count


@pytest.mark.parametrize('pack', PACKS)
def test_stopped_at_any_step_and_gone_on_with_gives_the_same(raw, tmp_path, inline, monkeypatch, pack):
    raw = shutil.copytree(raw, tmp_path / 'raw')
    for name in ('anna/2.mp4', 'ben/1.mp4', 'ben/5.mp4'):  # each clip is one more step to stop at
        (raw / name).unlink()
    Preparation(settings(pack), raw, tmp_path / 'whole').run()
    wanted = contents(tmp_path / 'whole', but=('journal.jsonl',))
    step, stopped = 1, True
    while stopped:
        out = tmp_path / f'out {step}'
        with monkeypatch.context() as patch:
            die_at(step, patch)
            try:
                Preparation(settings(pack), raw, out).run()
                stopped = False
            except Killed:
                step += 1
        Preparation(settings(pack), raw, out).run()
        assert contents(out, but=('journal.jsonl',)) == wanted, step
    assert step > 20


def test_what_is_done_is_not_done_again(raw, tmp_path, inline, monkeypatch):
    out = tmp_path / 'out'
    Preparation(settings(), raw, out).run()
    before = contents(out)
    done = []
    original = Preparer._prepare
    monkeypatch.setattr(Preparer, '_prepare', lambda self, job: done.append(job.clip.video) or original(self, job))
    gone = next(path for path in (out / 'clips').iterdir() if 'anna' in path.name)
    gone.unlink()
    Preparation(settings(), raw, out).run()
    assert all('anna' in name for name in done) and len(done) == 1
    assert contents(out, but=('journal.jsonl',)) == {k: v for k, v in before.items() if k != 'journal.jsonl'}


@pytest.mark.parametrize('suffix', ['tar', 'csv'])
def test_a_shard_that_lacks_one_of_its_two_files_is_made_again(raw, tmp_path, inline, suffix):
    out = tmp_path / 'out'
    Preparation(settings('shards'), raw, out).run()
    before = contents(out, but=('journal.jsonl',))
    (out / 'shards' / f'00001.{suffix}').unlink()
    Preparation(settings('shards'), raw, out).run()
    assert contents(out, but=('journal.jsonl',)) == before


def test_the_first_clips_alone_and_then_all_give_what_all_at_once_give(raw, tmp_path, inline):
    for pack in PACKS:
        Preparation(settings(pack), raw, tmp_path / pack).run()
        tried = Preparation(settings(pack), raw, tmp_path / f'{pack} first', limit=2).run()
        assert (
            (tried['counts']['tried'], tried['counts']['clips']) == (2, 2) == (2, len(rows(tmp_path / f'{pack} first')))
        )
        read_index.cache_clear()  # no reader sees a shard replaced: preparation is over by then
        Preparation(settings(pack), raw, tmp_path / f'{pack} first').run()
        whole, later = (contents(tmp_path / name, but=('journal.jsonl',)) for name in (pack, f'{pack} first'))
        assert whole == later


def test_clips_that_failed_are_tried_again_when_asked(raw, tmp_path, inline):
    shutil.copytree(raw, tmp_path / 'raw')
    Preparation(settings(), tmp_path / 'raw', tmp_path / 'out').run()
    shutil.copy(tmp_path / 'raw' / 'ben' / '3.mp4', tmp_path / 'raw' / 'ben' / '4.mp4')
    assert Preparation(settings(), tmp_path / 'raw', tmp_path / 'out').run()['counts']['clips'] == 5
    assert Preparation(settings(), tmp_path / 'raw', tmp_path / 'out').run(retry_failed=True)['counts']['clips'] == 6
    Preparation(settings(), tmp_path / 'raw', tmp_path / 'new').run()
    new, old = (contents(tmp_path / name, but=('journal.jsonl',)) for name in ('new', 'out'))
    assert new == old


def test_other_settings_need_another_folder_or_a_new_beginning(raw, tmp_path, inline):
    out = tmp_path / 'out'
    Preparation(settings(), raw, out).run()
    (out / 'notes.txt').write_text('mine')
    with pytest.raises(PreparationError, match='settings.pack was "mp4", is now "jpeg"'):
        Preparation(settings('jpeg'), raw, out).run()
    Preparation(settings('jpeg'), raw, out).run(restart=True)
    Preparation(settings('jpeg'), raw, tmp_path / 'new').run()
    left = contents(out, but=('journal.jsonl', 'notes.txt'))
    assert left == contents(tmp_path / 'new', but=('journal.jsonl',)) and (out / 'notes.txt').read_text() == 'mine'


def test_raw_files_that_changed_are_noticed(raw, tmp_path, inline):
    shutil.copytree(raw, tmp_path / 'raw')
    Preparation(settings(), tmp_path / 'raw', tmp_path / 'out').run()
    text = (tmp_path / 'raw' / 'labels.csv').read_text()
    (tmp_path / 'raw' / 'labels.csv').write_text(text.replace('ben/3.mp4,glad', 'ben/3.mp4,calm'))
    with pytest.raises(PreparationError, match='index was'):
        Preparation(settings(), tmp_path / 'raw', tmp_path / 'out').run()


def test_the_raw_folder_is_never_written_to(raw, tmp_path, inline):
    shutil.copytree(raw, tmp_path / 'raw')
    before = contents(tmp_path / 'raw')
    (tmp_path / 'link').symlink_to(tmp_path / 'raw', target_is_directory=True)
    for out in ('raw', 'raw/out', 'link/out', '.'):
        with pytest.raises(ConfigError, match='may be inside the other'):
            Preparation(settings(), tmp_path / 'raw', tmp_path / out)
    Preparation(settings(), tmp_path / 'raw', tmp_path / 'out').run()
    assert contents(tmp_path / 'raw') == before


def test_a_wrong_raw_folder_is_told_what_was_expected(tmp_path):
    (tmp_path / 'empty').mkdir()
    for folder in ('empty', 'none'):
        with pytest.raises(RawDataError, match='labels.csv'):
            Preparation(settings(), tmp_path / folder, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


class FragilePreparer(Preparer):
    """Dies at one clip each time, and at another once, with half of its files written."""

    def _files(self, clip_id, clip_job):
        once = self._out / 'died'
        if clip_job.clip.video == 'ben/1.mp4' or (clip_job.clip.video == 'anna/2.mp4' and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGSEGV)
        return super()._files(clip_id, clip_job)


def test_a_clip_that_kills_its_process_is_left_out_and_the_others_are_not(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(run, 'Preparer', FragilePreparer)
    summary = Preparation(settings('jpeg'), raw, tmp_path / 'out').run(workers=1)
    assert summary['counts']['clips'] == len(FRAMES)
    reasons = {row['file']: row['reason'] for row in rows(tmp_path / 'out', 'left_out.csv')}
    assert 'SIGSEGV' in reasons['ben/1.mp4']
    names = json.loads((tmp_path / 'out' / 'manifest.json').read_text())['sources']
    assert ['ben/1.mp4', None] in names


FAULTS = {
    'anna/1.mp4': lambda: ZeroDivisionError('division by zero'),
    'anna/2.mp4': MemoryError,
    'ben/1.mp4': lambda: cv2.error('OpenCV: nothing to resize'),
    'carl/images': lambda: OSError(errno.EIO, 'Input/output error', '/raw/file'),
}


@pytest.mark.parametrize('place', ['locate', 'crop'])
def test_any_fault_of_a_clip_is_told_as_it_was_and_costs_that_clip_alone(raw, tmp_path, inline, monkeypatch, place):
    chosen = dataclasses.replace(settings(), detector='cascade') if place == 'locate' else settings()
    current = []
    original = Preparer._prepare
    monkeypatch.setattr(Preparer, '_prepare', lambda self, job: current.append(job.clip) or original(self, job))

    def fail(*args):
        if current[-1].video in FAULTS:
            raise FAULTS[current[-1].video]()
        raise ClipError('a fault without a name')

    monkeypatch.setattr(FaceCropper, place, fail)
    Preparation(chosen, raw, tmp_path / 'out').run()
    reasons = {row['file']: row['reason'] for row in rows(tmp_path / 'out', 'left_out.csv')}
    assert reasons['anna/1.mp4'].startswith('it cannot be processed (ZeroDivisionError: division by zero; test_run.py')
    assert reasons['anna/2.mp4'] == 'it needs more memory than is available'
    assert 'error: OpenCV: nothing to resize' in reasons['ben/1.mp4']
    assert [reason for file, reason in reasons.items() if 'ben/3' in file] == ['a fault without a name']
    assert not any('died' in reason or str(raw) in reason or 'nan' in reason for reason in reasons.values())


@pytest.mark.parametrize('fault', ['gone', 'refused', 'writer'])
def test_a_file_that_cannot_be_written_stops_the_run_and_costs_no_clip(raw, tmp_path, inline, monkeypatch, fault):
    def fail(self, path, frames, times_sec):
        if fault == 'gone':
            (tmp_path / 'none' / 'x').write_bytes(b'')
        if fault == 'refused':
            raise PermissionError(errno.EACCES, 'Permission denied', str(path))
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(Mp4Pack, 'write', fail)
    if fault == 'gone':  # not below the output folder: a fault of the clip
        summary = Preparation(settings(), raw, tmp_path / 'out').run()
        assert summary['counts']['clips'] == 0
        return
    with pytest.raises(PreparationError, match=r'out: cannot be written to .*run the command again to continue'):
        Preparation(settings(), raw, tmp_path / 'out').run()


def test_a_clip_has_a_time_and_a_shard_has_all(raw, tmp_path, monkeypatch):
    pools = []

    class Seen(InlinePool):
        def run(self, next_job):
            pools.append(self)
            for task, result in super().run(next_job):
                limit = self.limit_sec(task)
                assert limit == (7.5 if isinstance(task, ClipJob) else float('inf'))
                late = isinstance(task, ClipJob) and task.clip.video == 'anna/1.mp4'
                yield task, WorkerCrash(f'not done within {limit:g} s ({self.limit_name})') if late else result

    monkeypatch.setattr(run, 'WorkerPool', Seen)
    Preparation(settings('shards'), raw, tmp_path / 'out').run(clip_timeout_sec=7.5)
    reasons = {row['file']: row['reason'] for row in rows(tmp_path / 'out', 'left_out.csv')}
    assert reasons['anna/1.mp4'] == 'not done within 7.5 s (--clip-timeout)' and len(pools) == 1
    for seconds in (0, float('nan')):
        with pytest.raises(ConfigError, match='clip_timeout must be positive'):
            Preparation(settings(), raw, tmp_path / 'other').run(clip_timeout_sec=seconds)


def test_a_gap_of_hours_costs_its_clip(tmp_path, inline):
    (tmp_path / 'raw').mkdir()
    stamps = [*(np.arange(20) / 25), *(4 * 3600 + np.arange(20) / 25)]
    write_media(tmp_path / 'raw' / 'gap.mkv', counted_frames(40), tone(1.0), stamps_sec=stamps)
    (tmp_path / 'raw' / 'labels.csv').write_text('file,label\ngap.mkv,calm\n')
    for pack in ('mp4', 'jpeg'):
        Preparation(settings(pack), tmp_path / 'raw', tmp_path / pack).run()
        [row] = rows(tmp_path / pack, 'left_out.csv')
        assert '14401 s long, more than 3600 s: there is a gap in its time stamps' in row['reason']


def test_a_face_clip_that_was_damaged_later_does_not_keep_lists_from_being_written(raw, tmp_path, inline):
    out = tmp_path / 'out'
    Preparation(settings(), raw, out).run()
    before = (out / 'lists/all.csv').read_bytes()
    damaged = sorted((out / 'clips').iterdir())
    damaged[0].write_bytes(b'cut off')
    (out / 'lists/all.csv').unlink()
    Preparation(settings(), raw, out).run()
    assert (out / 'lists/all.csv').read_bytes() == before
    for path in damaged[1:]:
        path.write_bytes(b'')
    assert Preparation(settings(), raw, out).run()['counts']['clips'] == len(damaged)


def test_a_pipe_among_the_raw_files_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'a.mp4')
    assert source_sha256(tmp_path / 'a.mp4') is None
    (tmp_path / 'b.mp4').write_bytes(b'x')
    assert source_sha256(tmp_path) == source_sha256(tmp_path) and source_sha256(tmp_path / 'b.mp4')


def part(first, last):
    return FacePart(first, last, np.arange(4 * (last - first + 1), dtype=float).reshape(-1, 4), sightings=2)


def test_of_a_labelled_clip_the_longest_part_in_seconds_is_taken_with_its_places():
    times = np.concatenate([np.arange(20) / 100, 0.2 + np.arange(10) / 10])  # twenty fast frames, ten slow ones
    [piece] = cut('x', [part(0, 17), part(20, 27)], times, float('inf'), whole=True)
    assert (piece.id, piece.first, len(piece.places)) == ('x', 20, 8)


def test_frames_that_stand_long_make_no_empty_piece():
    times = np.array([0.0, 0.04, 0.08, 30.0, 30.04])
    pieces = cut('x', [part(0, 4)], times, 10.0, whole=False)
    assert [(piece.id, piece.first, len(piece.places)) for piece in pieces] == [('x_000', 0, 3), ('x_001', 3, 2)]


@pytest.mark.parametrize('pack', PACKS)
def test_a_piece_of_a_corpus_without_sound_or_too_short_does_not_cost_the_others(tmp_path, inline, pack):
    (tmp_path / 'raw').mkdir()
    write_media(tmp_path / 'raw' / 'long.mp4', counted_frames(75), tone(1.9, onset_sec=1.2))
    slow = [*(np.arange(50) / 25), 3.9, 3.94]  # the last second has two frames, at its end
    write_media(tmp_path / 'raw' / 'slow.mp4', counted_frames(52), tone(4.0), stamps_sec=slow)
    chosen = dict(dataset='custom', detector='none', size=48, min_sec=0.5, max_sec=1.0)
    made = Preparation(
        PrepareSettings(**chosen, pack=pack, pack_options=PACKS[pack]), tmp_path / 'raw', tmp_path / 'out'
    )
    summary = made.run()
    listed = {row['id']: row for row in rows(tmp_path / 'out', 'lists/pretrain.csv')}
    assert [*listed] == ['long_000', 'long_001', 'slow_000', 'slow_001']
    out = {row['name']: (row['file'], row['reason']) for row in rows(tmp_path / 'out', 'left_out.csv')}
    assert [*out] == ['long_002', 'slow_002'] and [file for file, _ in out.values()] == ['long.mp4', 'slow.mp4']
    assert 'no sound between' in out['long_002'][1] and out['slow_002'][1] == '0.08 s long, shorter than 0.5 s'
    assert (summary['counts']['clips'], summary['counts']['left_out_by_media']) == (4, 2)
    second = open_row(tmp_path / 'out', listed['long_001'])
    frames = second['video_reader'].read_frames(range(second['total_frames']))
    assert [frame_index(frame) for frame in frames] == list(range(25, 50))
    assert onset_sec(second['audio_reader'].read_audio(0, 1)) == pytest.approx(0.2, abs=0.01)
    before = contents(tmp_path / 'out')
    made.run(retry_failed=True)  # nothing has failed as a whole
    assert contents(tmp_path / 'out') == before


@pytest.mark.parametrize(('seconds', 'number'), [(10.0, 1), (10.04, 2), (21.0, 3), (0.04, 1)])
def test_parts_of_a_corpus_are_cut_into_equal_pieces_without_a_gap(seconds, number):
    times = 5 + np.arange(1000) / 25
    count = round(seconds * 25)
    pieces = cut('x', [part(100, 100 + count - 1), part(900, 999)], times, 10.0, whole=False)
    assert [piece.id for piece in pieces] == [f'x_{i:03d}' for i in range(number + 1)]
    assert (
        np.concatenate([piece.places for piece in pieces[:-1]]).tolist() == part(100, 100 + count - 1).places.tolist()
    )
    lengths = [len(piece.places) for piece in pieces[:-1]]
    assert max(lengths) <= 250 and max(lengths) - min(lengths) <= 1
    firsts = [piece.first for piece in pieces[:-1]]
    assert firsts == [100 + sum(lengths[:i]) for i in range(number)] and pieces[-1].first == 900
