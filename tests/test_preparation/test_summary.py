"""What a summary counts."""

import pytest

from mmavf.preparation.outcome import Outcome
from mmavf.preparation.prepared_lists import list_rows
from mmavf.preparation.raw_clip import LeftOut, RawClip, RawIndex
from mmavf.preparation.summary import NUMBER, against_card, left_out_text, summarise, summary_text

CLIPS = [RawClip(id=f'c{i}', video=f'{i % 2}/v{i // 2}.mp4', label='calm' if i % 2 else 'glad') for i in range(6)]
INDEX = RawIndex(CLIPS, [LeftOut('x.mp4', 'label 7 is no class'), LeftOut('y.mp4', 'label 7 is no class')])
CAME = [
    Outcome(id='c0', raw_id='c0', video='clips/c0.mp4', seconds=2.0, faces_seen=2),
    Outcome(id='c1', raw_id='c1', video='clips/c1.mp4', seconds=3.0, silent=True, ends_early_sec=3.0),
    Outcome(id='c2', raw_id='c2', video='clips/c2.mp4', seconds=7.0, starts_late_sec=0.8, parts=3, missing=0.2),
    Outcome(id='c3', raw_id='c3', reason='no face in 63% of the sampled frames'),
    Outcome(id='c4', raw_id='c4', reason='no face in 100% of the sampled frames'),
    Outcome(id='c5', raw_id='c5', reason='no video stream'),
]


def summary():
    return summarise('custom', INDEX, CLIPS, CAME, list_rows('custom', CLIPS, CAME, None))


def test_counts_and_reasons():
    made = summary()
    assert made['counts'] == dict(
        raw_clips=6,
        left_out_by_parser=2,
        tried=6,
        left_out_by_media=3,
        clips=3,
        hours=round(12 / 3600, 3),
        seconds=dict(min=2.0, median=3.0, max=7.0),
    )
    reasons = {reason: (found['number'], found['names']) for reason, found in made['left_out'].items()}
    assert reasons == {
        'label 7 is no class': (2, ['x.mp4', 'y.mp4']),
        'no face in N% of the sampled frames': (2, ['c3', 'c4']),
        'no video stream': (1, ['c5']),
    }


def test_remarks_name_the_clips_to_look_at():
    remarks = {kind: ids for kind, ids in summary()['remarks'].items() if ids}
    assert remarks == dict(several_faces=['c0'], cut=['c2'], face_missing=['c2'], silent=['c1'], late_sound=['c2'])
    assert summary()['same_names'] == {f'v{i}.mp4': [f'0/v{i}.mp4', f'1/v{i}.mp4'] for i in range(3)}


def test_the_page_says_all_of_it():
    text = ' '.join(summary_text(summary()).split())  # without the spaces that align columns
    for part in (
        '6 raw clips',
        '**3 clips**',
        '2 | label 7 is no class',
        '| class glad | 2 |',
        '`c2`',
        '3 | file names',
    ):
        assert part in text


def test_the_table_of_what_was_left_out_has_every_clip():
    lines = left_out_text(INDEX, CAME).splitlines()
    assert lines[0] == 'name,file,reason' and len(lines) == 1 + 5
    assert 'c3,1/v1.mp4,no face in 63% of the sampled frames' in lines


def test_counts_stand_beside_the_published_ones():
    rows = [
        dict(subject=f'samm_{i % 4:03d}', label=name, fold='') for i, name in enumerate(['happiness'] * 3 + ['anger'])
    ]
    table = {name: counts for name, *counts in against_card('samm', rows)}
    assert table['clips'] == [4, 133] and table['subjects'] == [4, 28]
    assert (
        table['class positive'] == [3, 26] and table['class negative'] == [1, 92] and table['class surprise'] == [0, 15]
    )


def test_sizes_of_folds_stand_beside_the_published_ones():
    rows = [dict(subject='', label='calm', fold=fold) for fold in ('train', 'train', 'test')]
    table = {name: counts for name, *counts in against_card('mer_multi', rows)}
    assert table['fold test'] == [1, 411] and table['fold train'] == [2, None]
    rows = [dict(subject='', label='anger', fold=str(1 + i % 5)) for i in range(10)]
    table = {name: counts for name, *counts in against_card('mafw11', rows)}
    assert table['fold 1'] == [2, 1836] and table['fold 5'] == [2, 1831]


@pytest.mark.parametrize(
    ('reason', 'shown'),
    [
        ('write it anew as mp4', 'write it anew as mp4'),
        ('H.264 or MPEG-4 or UTF-8 of h264 in 3gp', 'H.264 or MPEG-4 or UTF-8 of h264 in 3gp'),
        ('no face in 63% of 12 frames', 'no face in N% of N frames'),
        ('the frame at 2.72 s, -1.5 s; (160, 90) is 16x9 or 16 x 9', 'the frame at N s, -N s; (N, N) is N or N x N'),
        ('0012.jpg has another size', 'N.jpg has another size'),
        ('16001 Hz.', 'N Hz.'),
    ],
)
def test_reasons_keep_the_digits_of_names(reason, shown):
    assert NUMBER.sub('N', reason) == shown


def test_tables_and_notes_stand_whatever_names_hold():
    index = RawIndex(CLIPS, [LeftOut('new\nline|x.mp4', "label 'a\\nb' is odd")])
    rows = [dict(label='calm', subject=subject, fold='', group='') for subject in ('anna', 'Anna', 'ben')]
    made = summarise('custom', index, CLIPS, CAME, rows, ['A note.'])
    assert [note.split(':')[0] for note in made['notes'][1:]] == [
        'subject Anna and anna differ only in case, blanks, leading zeros or Unicode form'
    ]
    text = summary_text(made)
    assert '* A note.' in text and '`new\\nline\\|x.mp4`' in text
    assert all(line.count('|') - line.count('\\|') == 4 for line in text.splitlines() if line.startswith('|'))
