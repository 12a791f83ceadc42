"""tools/misc/check_lists.py counts right, finds what would stop a run, and ends with status 1 then."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmavf.datasets.deep_check import ClipReading, look_into
from mmavf.registry import TRANSFORMS

from ..helpers.media import counted_frames, tone, write_folder, write_list, write_media, write_wav
from ..helpers.tools import run_here

ROOT = Path(__file__).parents[2]
HEADER = 'video,audio,label,subject,fold'
CONFIG = """
_base_ = ['{root}/configs/_base_/datasets/finetune_av.py', '{root}/configs/_base_/stages/finetune.py']
_clips = dict(data_root='{data}', metainfo=dict(classes=['joy', 'fear']))
train_dataloader = dict(dataset=_clips)
val_dataloader = dict(dataset=_clips)
test_dataloader = dict(dataset=_clips)
"""


@pytest.fixture
def check(monkeypatch, capsys):
    """Run the tool; return its table as {row: cells}, what it printed, and its errors, or 2 where it is misused."""

    def run(*words):
        status, text, errors = run_here('misc/check_lists.py', *words, monkeypatch=monkeypatch, capsys=capsys)
        assert bool(status) == bool(errors)
        rows = [line.split() for line in text.splitlines() if line.startswith(' ')]
        return {row[0]: row[1:] for row in rows if row}, text, status if status == 2 else errors.rstrip('\n')

    return run


@pytest.fixture
def clips(tmp_path):
    """Two clips of 2 s with sound, one of 1 s without; three subjects in two folds."""
    for name in 'ab':
        write_media(tmp_path / f'{name}.mp4', counted_frames(50), tone(2.0))
    write_media(tmp_path / 'c.mp4', counted_frames(25), None)
    rows = [('a.mp4', '', 'joy', 's1', 1), ('b.mp4', '', 'fear', 's2', 1), ('c.mp4', '', 'joy', 's3', 2)]
    (tmp_path / 'lists').mkdir()
    write_list(tmp_path / 'lists/all.csv', rows, HEADER)
    return tmp_path


def test_counts_and_lengths_by_fold(check, clips):
    rows, text, error = check('--list', 'lists/all.csv', '--data-root', clips, '--deep', '--workers', 1)
    assert not error and 'No errors.' in text and 'fold 2: no clip of class fear' in text
    assert rows['clips'] == ['2', '1', '3'] and rows['subjects'] == ['2', '1', '3']
    assert rows['joy'] == ['1', '1', '2'] and rows['fear'] == ['1', '0', '1']
    assert rows['shortest,'] == ['s', '2.00', '1.00', '1.00'] and rows['median,'] == ['s', '2.00', '1.00', '2.00']
    assert rows['without'] == ['sound', '0', '1', '1'] and rows['unusable'] == ['0', '0', '0']


def test_lengths_of_sound_alone_are_its_own(check, tmp_path):
    write_wav(tmp_path / 'a.wav', tone(2.0))
    write_wav(tmp_path / 'b.wav', tone(1.23))
    rows = [('', 'a.wav', 'joy', 's1', 1, '', ''), ('', 'b.wav', 'joy', 's2', 1, '', '')]
    rows.append(('', 'a.wav', 'joy', 's1', 1, 0.5, 1.8))
    write_list(tmp_path / 'l.csv', rows, f'{HEADER},start,end')
    table, _, error = check('--list', 'l.csv', '--data-root', tmp_path, '--deep', '--workers', 1)
    assert not error
    assert table['longest,'] == ['s', '2.00'] and table['shortest,'] == ['s', '1.23']
    assert table['median,'] == ['s', '1.30']


def test_by_subject_the_table_lies_on_its_side(check, clips):
    for number in range(4, 9):
        (clips / f'{number}.mp4').touch()
    rows = [(f'{number}.mp4', '', 'joy', f's{number}', 1) for number in range(4, 9)]
    write_list(clips / 'lists/all.csv', rows, HEADER)
    rows, _, error = check('--list', 'lists/all.csv', '--data-root', clips, '--column', 'subject')
    assert not error and rows['subject'] == ['s8', '1', '1', '1'] and rows['all'] == ['5', '5', '5']


def test_unusable_files_are_all_named(check, clips):
    (clips / 'a.mp4').write_bytes(b'')
    (clips / 'c.mp4').write_text('no media')
    rows, text, error = check('--list', 'lists/all.csv', '--data-root', clips, '--deep', '--workers', 2)
    assert rows['unusable'] == ['1', '1', '2'] and 'No errors' not in text
    assert f'ERROR: {clips}/a.mp4: cannot be opened' in error and f'ERROR: {clips}/c.mp4: cannot be opened' in error


def test_deep_decodes_first_middle_and_last_and_goes_on_after_any_fault(check, tmp_path):
    faults = dict(first=(0, b'x'), middle=(40, b'x'), last=(79, b'x'), larger=(79, None))
    rows = []
    for name, (place, data) in dict(faults, good=(0, None)).items():
        frames = counted_frames(80)
        write_folder(tmp_path / name, frames)
        image = tmp_path / name / f'{place + 1:04d}.jpg'
        if data:
            image.write_bytes(data)
        elif name == 'larger':
            image.write_bytes(cv2.imencode('.jpg', np.zeros((96, 128, 3), np.uint8))[1].tobytes())
        write_wav(tmp_path / f'{name}.wav', tone(3.2))
        rows.append((name, f'{name}.wav', 'joy', name, 1))
    write_list(tmp_path / 'l.csv', rows, HEADER)
    table, _, error = check('--list', 'l.csv', '--data-root', tmp_path, '--deep', '--workers', 2)
    assert table['unusable'] == ['4'] and error.count('ERROR: ') == 4
    for name in faults:
        assert f'ERROR: {tmp_path}/{name}' in error


def test_deep_has_a_time_for_each_clip(check, tmp_path):
    os.mkfifo(tmp_path / 'pipe.mp4')
    write_media(tmp_path / 'good.mp4', counted_frames(30), tone(1.2))
    write_list(tmp_path / 'l.csv', [(f'{name}.mp4', '', 'joy', name, 1) for name in ('pipe', 'good')], HEADER)
    where = '--list', 'l.csv', '--data-root', tmp_path, '--deep', '--workers', 1
    table, _, error = check(*where, '--clip-timeout', 5)
    assert table['unusable'] == ['1'] and error.startswith(f'ERROR: {tmp_path}/pipe.mp4: ')
    assert check(*where, '--clip-timeout', 0)[2] == 2 and check(*where, '--workers', 0)[2] == 2


@pytest.mark.parametrize('stage', ['pretrain', 'finetune_micro'])
def test_deep_and_training_agree_on_a_window_that_is_too_long(stage, tmp_path):
    """A gap of an hour: too long for the sound of a window, no matter for frames without sound."""
    init_default_scope('mmavf')
    stamps = [*(np.arange(20) / 25), *(3600 + np.arange(20) / 25)]
    path = write_media(tmp_path / 'gap.mkv', counted_frames(40), tone(1.0), stamps_sec=stamps)
    config = Config.fromfile(f'configs/avfmae_b_{stage}.py').train_dataloader.dataset
    pipeline = config.get('pipeline') or config['datasets'][0]['pipeline']
    reading = ClipReading.of([TRANSFORMS.build(step) for step in pipeline])
    facts = look_into(dict(video_path=str(path), audio_path=''), reading)
    assert ('its window of 36' in facts.error) == (stage == 'pretrain') and (facts.seconds > 0) != bool(facts.error)


def test_deep_hears_the_channel_of_the_config(check, tmp_path):
    write_wav(tmp_path / 'mono.wav', tone(1.5))
    write_wav(tmp_path / 'stereo.wav', np.stack([tone(1.5)] * 2, axis=1))
    rows = [('', 'mono.wav', 'joy', 's1', 1), ('', 'stereo.wav', 'joy', 's2', 2)]
    write_list(tmp_path / 'l.csv', rows, HEADER)
    pipeline = [dict(type='OpenClip', modalities=('audio',), audio_channel=2), dict(type='SampleWindow', clip_len=4)]
    dataset = dict(type='AVClipDataset', ann_file='l.csv', data_root=str(tmp_path), pipeline=pipeline)
    dataset |= dict(metainfo=dict(classes=['joy']), split=dict(column='fold'))
    (tmp_path / 'c.py').write_text(f'train_dataloader = dict(dataset={dataset!r})\n')
    table, _, error = check(tmp_path / 'c.py', '--deep', '--workers', 1)
    assert error == f'ERROR: {tmp_path}/mono.wav: the sound has no channel 2: it has 1'


def test_sound_alone_and_numbers(check, tmp_path):
    write_wav(tmp_path / 'a.wav', tone(1.5))
    write_list(tmp_path / 'l.csv', [('', 'a.wav', '0.5', '-1', 1)], 'video,audio,valence,arousal,fold')
    where = '--list', 'l.csv', '--data-root', tmp_path, '--label-columns', 'valence', 'arousal'
    rows, _, error = check(*where, '--deep', '--workers', 1)
    assert not error and rows['label'] == ['2', '-1', 'to', '-1'] and rows['longest,'] == ['s', '1.50']
    write_list(tmp_path / 'l.csv', [('', 'a.wav', 'nan', '-1', 1)], 'video,audio,valence,arousal,fold')
    assert 'l.csv:2: valence is not a finite number: nan' in check(*where)[2]


def test_folds_and_lists_that_overlap(check, clips):
    rows = [('a.mp4', '', 'joy', 's1', 1), ('b.mp4', '', 'fear', 's1', 2), ('c.mp4', '', 'joy', 's3', 2)]
    write_list(clips / 'lists/all.csv', rows, HEADER)
    _, _, error = check('--list', 'lists/all.csv', '--data-root', clips)
    assert error.startswith('ERROR: fold 2 is not independent of fold 1 (1 of 2 clips)') and 'subject s1' in error
    write_list(clips / 'lists/test.csv', [('c.mp4', '', 'joy', 's9', 2)], HEADER)
    _, _, error = check('--list', 'lists/all.csv', 'lists/test.csv', '--data-root', clips)
    assert 'lists/test.csv is not independent of lists/all.csv (1 of 1 clips)' in error and 'same file' in error


def test_faults_of_a_list(check, clips):
    where = '--list', 'lists/all.csv', '--data-root', clips
    assert "unknown label 'fear'; the classes are joy, rage" in check(*where, '--classes', 'joy,rage')[2]
    assert 'gone.csv: the list cannot be read' in check('--list', 'gone.csv')[2]
    assert check()[2] == 2 and check('a.py', '--list', 'b.csv')[2] == 2


def test_a_config_without_and_with_a_fold(check, clips):
    config = clips / 'config.py'
    config.write_text(CONFIG.format(root=ROOT, data=clips))
    rows, _, error = check(config)
    assert not error and rows['clips'] == ['2', '1', '3']
    rows, text, error = check(config, '--fold', 2, '--deep', '--workers', 1)
    assert rows['train'] == ['test'] and rows['clips'] == ['2', '1'] and rows['fear'] == ['1', '0']
    assert error == f'ERROR: {clips}/c.mp4: the file has no sound stream'  # which this config cannot do without
    assert 'there is no fold 3 to hold out; choose from 1, 2' in check(config, '--fold', 3)[2]
    assert 'no clip of class fear, so it cannot be learned' in check(config, '--fold', 1)[2]


def test_one_person_or_fold_that_is_spelt_in_two_ways(check, clips):
    rows = [('a.mp4', '', '0.0', 'anna ', 1), ('b.mp4', '', '1', 'Anna', '01'), ('c.mp4', '', '0', 'ben', '2.0')]
    write_list(clips / 'lists/all.csv', rows, HEADER)
    where = '--list', 'lists/all.csv', '--data-root', clips
    error = check(*where, '--column', 'subject')[2]
    assert 'subject anna is not independent of subject Anna' in error and 'a.mp4 shows subject anna, and' in error
    assert "lists/all.csv:3 (spelt 'Anna')" in error
    assert "all.csv:3: subject 'Anna' differs from 'anna' in line 2 only in case" in error
    table, _, error = check(*where)
    assert ': fold ' in error and 'only in case, blanks, leading zeros' in error
    assert 'fold 1 is not independent of fold 01' in error and table['0'] == ['0', '1', '1', '2']
