"""Names that differ in their spelling alone are found, in one list and between lists; others are left alone."""

import logging

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.errors import ListError
from mmavf.lists.spellings import alike, spelling_key
from mmavf.protocol.overlap import ClipRef, find_overlap

from ..helpers.media import write_list

# spellings that stand in a file side by side; whole numbers with decimals are one text already when a list is read
PAIRS = [
    ('anna', 'Anna'),
    ('007', '7'),
    ('anna b', 'anna  b'),
    ('anna b', 'annab'),
    ('sub01', 'sub1'),
    ('Straße', 'STRASSE'),
]
PAIRS += [('an\u200bna', 'anna'), ('é', 'e\u0301'), ('anna\xa0b', 'anna b'), ('sub 01', 'Sub1'), ('\uff17', '7')]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


@pytest.mark.parametrize(('one', 'other'), [*PAIRS, ('1.0', '1')])
def test_spellings_of_one_name(one, other):
    assert spelling_key(one) == spelling_key(other)
    assert alike([one, 'somebody', other, one]) == [sorted([one, other], key=alike([one, other])[0].index)]


@pytest.mark.parametrize(
    'names',
    [
        [str(number) for number in range(121)],
        [f's{number:03d}' for number in range(121)],
        [f'{one}_{other}' for one in range(12) for other in range(12)],
        ['1 1', '11', '1.1', '1.10', '1.01', '10', '100', '0', '-1', '1-1', '1_1'],
        ['anna', 'anne', 'ann', 'an-na', 'an_na', 'a/b', '-anna', 'annä'],
        ['Ses01F', 'Ses01M', 'id00012', 'id00120', 'aiim001', 'aiim010', 'aiim100'],
    ],
)
def test_different_names_stay_different(names):
    assert alike(names) == []


def _list(root, values, column='subject', name='all.csv'):
    rows = [(f'{name[:-4]}{i}.mp4', 'joy', value) for i, value in enumerate(values)]
    for video, *_ in rows:
        (root / video).touch()
    write_list(root / name, rows, f'video,label,{column}')


def _data_set(root, **options):
    return AVClipDataset('all.csv', str(root), metainfo=dict(classes=['joy']), **options)


@pytest.mark.parametrize(('one', 'other'), PAIRS)
def test_a_split_refuses_them_and_names_lines(tmp_path, one, other):
    _list(tmp_path, [one, 'x', 'x', other])
    with pytest.raises(ListError, match=r'all\.csv:5: subject .* differs from .* in line 2 only in case') as error:
        _data_set(tmp_path, split=dict(column='subject', held_out=one)).full_init()
    assert repr(one) in str(error.value) and repr(other) in str(error.value)


@pytest.mark.parametrize('column', ['fold', 'group'])
def test_a_split_refuses_them_in_each_column(tmp_path, column):
    header = f'fold,{column}' if column != 'fold' else 'fold,id'
    rows = [('1', 'a one'), ('2', 'A one'), ('2', 'b')] if column != 'fold' else [('f1', 'a'), ('F1', 'b'), ('2', 'c')]
    for i in range(3):
        (tmp_path / f'{i}.mp4').touch()
    write_list(tmp_path / 'all.csv', [(f'{i}.mp4', 'joy', *row) for i, row in enumerate(rows)], f'video,label,{header}')
    with pytest.raises(ListError, match=rf'all\.csv:3: {column} .* differs from .* in line 2 only in case'):
        _data_set(tmp_path, split=dict(column='fold', held_out='2')).full_init()


def test_without_a_split_the_log_warns(tmp_path, caplog):
    _list(tmp_path, ['anna', 'Anna', 'ben'])
    with caplog.at_level(logging.WARNING, MMLogger.get_current_instance().name):
        MMLogger.get_current_instance().addHandler(caplog.handler)
        assert len(_data_set(tmp_path)) == 3
        MMLogger.get_current_instance().removeHandler(caplog.handler)
    (message,) = [record.getMessage() for record in caplog.records]
    assert "all.csv:3: subject 'Anna' differs from 'anna' in line 2" in message


def test_folds_one_to_ten_and_equal_numbers_of_two_sources_are_no_fault(tmp_path):
    _list(tmp_path, range(1, 11), 'fold')
    assert len(_data_set(tmp_path, split=dict(column='fold', held_out='10'))) == 9
    _list(tmp_path, ['01', '2'], name='a.csv')
    _list(tmp_path, ['1', '3'], name='b.csv')
    split = dict(column='subject', held_out='1')
    parts = [
        dict(type='AVClipDataset', ann_file=f'{name}.csv', data_root=str(tmp_path), source=name, split=split)
        for name in 'ab'
    ]
    assert len(ConcatClipDataset(parts)) == 3


def test_one_person_in_two_lists_of_a_family_is_a_leak():
    def ref(path, family, subject):
        return ClipRef(f'{path}:1', path, path, 0.0, 1.0, family, path, subject)

    (fault,) = find_overlap([ref('a', 'f', 'Anna')], [ref('b', 'f', 'anna')])
    assert "shows subject Anna, and so does b:1 (spelt 'anna')" in fault
    assert not find_overlap([ref('a', 'f', '01')], [ref('b', 'g', '1')])
    assert not find_overlap([ref('a', 'f', '')], [ref('b', 'f', '')])


def test_a_fold_that_two_lists_spell_in_two_ways_is_refused(tmp_path):
    (tmp_path / 'a.mp4').touch()
    (tmp_path / 'b.mp4').touch()
    for name, folds in (('one', '1 2'), ('two', '01 2')):
        rows = [(f'{clip}.mp4', fold) for clip, fold in zip('ab', folds.split(), strict=True)]
        write_list(tmp_path / f'{name}.csv', rows, 'video,fold')
    parts = [
        dict(type='AVClipDataset', ann_file=f'{name}.csv', data_root=str(tmp_path), family=name, pipeline=[])
        | dict(split=dict(column='fold', held_out=1))
        for name in ('one', 'two')
    ]
    with pytest.raises(ListError, match="folds '01' and '1' differ only in case, blanks, leading zeros"):
        ConcatClipDataset(parts)
