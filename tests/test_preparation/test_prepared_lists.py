"""Lists of prepared sets: columns, labels, folds."""

import csv

import pytest

from mmavf.datasets.targets import CARDS, folds_by_rule
from mmavf.errors import ListError
from mmavf.lists.clip_list import read_list
from mmavf.preparation.outcome import Outcome
from mmavf.preparation.prepared_lists import list_rows, list_text
from mmavf.preparation.raw_clip import RawClip


def outcomes(clips, **fields):
    return [Outcome(id=clip.id, raw_id=clip.id, video=f'clips/{clip.id}.mp4', **fields) for clip in clips]


def header(rows):
    return next(csv.reader([list_text(rows).splitlines()[0]]))


def test_columns_are_those_that_hold_something():
    clips = [RawClip(id=f'a{i}', label='joy, quiet', subject='' if i else 's1') for i in range(2)]
    rows = list_rows('custom', clips, outcomes(clips, audio='audio/a.wav'), None)
    assert header(rows) == ['id', 'video', 'audio', 'label', 'subject']
    corpus = [RawClip(id='b')]
    assert header(list_rows('voxceleb2', corpus, outcomes(corpus), 25.0)) == ['id', 'video', 'fps']


def test_the_list_is_read_back_by_the_reader_of_lists(tmp_path):
    clips = [RawClip(id='a', label='joy, "quiet"', subject='s1', fold='2', group='g')]
    (tmp_path / 'l.csv').write_text(list_text(list_rows('custom', clips, outcomes(clips, audio='audio/a.wav'), 12.5)))
    [entry], problems = read_list(str(tmp_path / 'l.csv'), ('label',))
    assert not problems
    del entry['line']
    wanted = dict(id='a', video='clips/a.mp4', audio='audio/a.wav', labels=['joy, "quiet"'], fps=12.5)
    assert entry == wanted | dict(subject='s1', fold='2', group='g')


def test_parts_of_a_clip_have_rows_of_their_own_and_what_was_left_out_none():
    clips = [RawClip(id='a', subject='s'), RawClip(id='b')]
    came = [Outcome(id=f'a_00{i}', raw_id='a', video=f'clips/a_00{i}.mp4') for i in range(2)]
    rows = list_rows('custom', clips, [*came, Outcome(id='b', raw_id='b', reason='no face')], None)
    assert [(row['id'], row['subject']) for row in rows] == [('a_000', 's'), ('a_001', 's')]


def test_folds_by_rule_are_those_of_the_whole_set_whatever_is_left_out():
    labels = CARDS['mer24'].classes
    clips = [RawClip(id=f'sample_{i:03d}', label=labels[i % 6]) for i in range(60)]
    wanted = folds_by_rule('mer24', [dict(id=clip.id, label=clip.label) for clip in clips])
    some = outcomes(clips[7:23])
    assert [row['fold'] for row in list_rows('mer24', clips, some, None)] == wanted[7:23]
    # of these alone the rule gives others, so that the test can fail
    assert wanted[7:23] != folds_by_rule('mer24', [dict(id=c.id, label=c.label) for c in clips[7:23]])


def test_official_folds_stay_and_sets_with_held_out_subjects_have_none():
    clips = [RawClip(id='a', label='anger', fold='3')]
    assert list_rows('mafw11', clips, outcomes(clips), None)[0]['fold'] == '3'
    clips = [RawClip(id='a', label='happiness', subject='samm_006')]
    assert header(list_rows('samm', clips, outcomes(clips), None)) == ['id', 'video', 'label', 'subject']


def test_a_clip_that_no_fold_holds_is_an_error():
    clips = [RawClip(id='a', label='ANG', subject='77')]
    with pytest.raises(ListError, match='77'):
        list_rows('crema_d6', clips, outcomes(clips), None)


def test_numbers_have_the_columns_and_the_order_of_the_card():
    values = dict(valence=0.1, dominance=-1 / 3, arousal=2.0)
    clips = [RawClip(id='a', subject='01', numbers=values)]
    rows = list_rows('werewolf_xl', clips, outcomes(clips), None)
    assert header(rows) == ['id', 'video', *CARDS['werewolf_xl'].dims, 'subject', 'fold']
    assert {name: float(rows[0][name]) for name in values} == pytest.approx(values, rel=1e-9)
