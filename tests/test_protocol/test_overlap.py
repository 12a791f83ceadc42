"""Clips and subjects that are held out must not be trained on unless somebody says so."""

import logging

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.errors import ListError
from mmavf.protocol.overlap import ClipRef, find_overlap, overlap_text

from ..helpers.media import write_list


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


def _ref(path, start=0.0, end=float('inf'), family='', clip_id='', subject='', sound=''):
    return ClipRef(f'{path}:1', path, path, start, end, family, clip_id, subject, sound)


@pytest.mark.parametrize(
    ('one', 'other', 'relation'),
    [
        (_ref('a'), _ref('a'), 'same file'),
        (_ref('a', 0, 2), _ref('a', 1, 3), 'same file'),
        (_ref('a', 0, 2), _ref('a', 2, 3), None),
        (_ref('a', 5), _ref('a', 2, 5.5), 'same file'),
        (_ref('a', clip_id='x'), _ref('b', clip_id='x'), None),
        (_ref('a.wav'), _ref('a.mp4', sound='a.wav'), 'same file'),
        (_ref('a.mp4', 0, 2, sound='a.wav'), _ref('a.wav', 1, 3), 'same file'),
        (_ref('a.mp4', 0, 2, sound='a.wav'), _ref('a.wav', 2, 3), None),
        (_ref('a.mp4', sound='silence.wav'), _ref('b.mp4', sound='silence.wav'), None),
        (_ref('a', family='f', clip_id='x'), _ref('b', family='f', clip_id='x'), 'has the id x'),
        (_ref('a', family='f', clip_id='x'), _ref('b', family='g', clip_id='x'), None),
        (_ref('a', family='f', clip_id='x', subject='s'), _ref('b', family='f', clip_id='y', subject='s'), 'subject s'),
        (_ref('a', family='f', clip_id='x', subject='s'), _ref('b', family='g', clip_id='y', subject='s'), None),
        (_ref('a', family='f', clip_id='x'), _ref('b', family='f', clip_id='y'), None),
    ],
)
def test_what_makes_two_clips_related(one, other, relation):
    for pair in ((one, other), (other, one)):
        faults = find_overlap([_ref('z'), pair[0]], [_ref('q'), pair[1]])
        assert len(faults) == (relation is not None)
        assert relation is None or relation in faults[0]


def test_the_text_names_ten():
    text = overlap_text([f'fault {number}' for number in range(12)])
    assert text.count('\n') == 11 and 'fault 9' in text and 'fault 10' not in text and '... and 2 more' in text


def _write(root, name, rows):
    """A list of rows (video, id, subject, fold) and its files."""
    for video, *_ in rows:
        (root / video).touch()
    write_list(root / name, rows, 'video,id,subject,fold')


def _part(root, ann_file, **options):
    return dict(type='AVClipDataset', ann_file=ann_file, data_root=str(root), **options)


@pytest.fixture
def root(tmp_path):
    _write(tmp_path, 'train.csv', [('a.mp4', '1', 's1', ''), ('b.mp4', '2', 's2', ''), ('c.mp4', '3', 's3', '')])
    return tmp_path


def test_lists_that_are_independent_pass(root):
    _write(root, 'test.csv', [('d.mp4', '1', 's1', '')])  # of another family: another clip, another person
    both = ConcatClipDataset([_part(root, 'train.csv', family='x')], held_out=[_part(root, 'test.csv', family='y')])
    assert len(both) == 3 and set(both.list_hashes) == {f'{root}/train.csv'}


@pytest.mark.parametrize('kind', ['link', 'id', 'subject'])
def test_overlap_is_an_error_that_names_the_clips_unless_declared(root, kind, caplog):
    (root / 'link.mp4').symlink_to(root / 'b.mp4')
    row = dict(link=('link.mp4', '9', 's9', ''), id=('d.mp4', '2', 's9', ''), subject=('d.mp4', '9', 's2', ''))[kind]
    _write(root, 'test.csv', [('e.mp4', '8', 's8', ''), row])
    family = '' if kind == 'link' else 'f'
    parts, held_out = [_part(root, 'train.csv', family=family)], [_part(root, 'test.csv', family=family)]
    with pytest.raises(ListError) as error:
        ConcatClipDataset(parts, held_out=held_out)
    text = str(error.value)
    assert text.startswith('1 of 3 clips for training are not independent')
    assert f'{root}/train.csv:3: b.mp4' in text and f'{root}/test.csv:3' in text and 'allow_overlap=True' in text
    logger = MMLogger.get_instance('overlap')
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        assert len(ConcatClipDataset(parts, held_out=held_out, allow_overlap=True)) == 3
    assert '1 of 3 clips for training are not independent' in caplog.text


def test_missing_held_out_lists_are_named_with_the_others(root):
    with pytest.raises(ListError) as error:
        ConcatClipDataset([_part(root, 'none.csv')], held_out=[_part(root, 'gone.csv')])
    assert 'none.csv' in str(error.value) and 'gone.csv' in str(error.value)


def test_one_fold_may_be_trained_on_while_another_is_held_out(root):
    _write(root, 'all.csv', [(f'{n}.mp4', str(n), f's{n}', n % 2) for n in range(6)])
    split = dict(column='fold', held_out=1)

    def hybrid(part):
        return ConcatClipDataset(
            [_part(root, 'train.csv'), _part(root, 'all.csv', family='f', split=split | dict(part=part))],
            held_out=[_part(root, 'all.csv', family='f', split=split | dict(part='test'))],
        )

    assert len(hybrid('train')) == 6
    with pytest.raises(ListError, match=r'^3 of 6 clips'):
        hybrid('test')


def test_folds_that_share_a_subject_or_a_clip_are_refused(root):
    rows = [('a.mp4', '1', 's1', 1), ('b.mp4', '2', 's1', 2), ('c.mp4', '3', 's2', 2)]
    _write(root, 'all.csv', rows)
    options = dict(ann_file='all.csv', data_root=str(root), split=dict(column='fold', held_out=1))
    with pytest.raises(ListError, match=r'all\.csv:3: b\.mp4 shows subject s1, and so does .*all\.csv:2') as error:
        AVClipDataset(**options)
    assert 'remove the column subject' in str(error.value) and 'c.mp4' not in str(error.value)
    _write(root, 'all.csv', [('a.mp4', '1', '', 1), ('b.mp4', '2', '', 2), ('a.mp4', '3', '', 2)])
    with pytest.raises(ListError, match=r'all\.csv:4: a\.mp4 is the same file'):
        AVClipDataset(**options)


def test_an_index_is_unique_in_a_concatenation(root):
    _write(root, 'more.csv', [('d.mp4', '4', 's4', ''), ('e.mp4', '5', 's5', '')])
    both = ConcatClipDataset([_part(root, 'train.csv', source='x'), _part(root, 'more.csv', source='y')])
    infos = [both.get_data_info(index) for index in range(5)]
    assert [info['index'] for info in infos] == [0, 1, 2, 3, 4]
    assert [info['source'] for info in infos] == ['x', 'x', 'x', 'y', 'y']
