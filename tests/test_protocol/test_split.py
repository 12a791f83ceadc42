"""Folds, held-out subjects and validation parts of one list."""

import pytest
from mmengine.registry import init_default_scope

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.errors import ConfigError, ListError
from mmavf.lists.natural_order import natural_order
from mmavf.protocol.split import Split

from ..helpers.media import write_list

HEADER = 'video,label,subject,fold'
CLASSES = ['joy', 'anger']


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


def _write(root, rows, name='all.csv', header=HEADER):
    """A list of rows (label, subject, fold), and files of their names."""
    named = [(f'{name[:-4]}{number}.mp4', *row) for number, row in enumerate(rows)]
    for video, *_ in named:
        (root / video).touch()
    write_list(root / name, named, header)


@pytest.fixture
def root(tmp_path):
    """Ten subjects s1 to s10 with four clips each, in five folds of two subjects."""
    rows = [(CLASSES[clip % 2], f's{number}', (number + 1) // 2) for number in range(1, 11) for clip in range(4)]
    _write(tmp_path, rows)
    return tmp_path


def _config(root, ann_file='all.csv', **split):
    return dict(
        type='AVClipDataset',
        ann_file=ann_file,
        data_root=str(root),
        metainfo=dict(classes=CLASSES),
        split=split or None,
        test_mode=split.get('part', 'train') != 'train',
    )


def _dataset(root, ann_file='all.csv', **split):
    config = _config(root, ann_file, **split)
    config.pop('type')
    return AVClipDataset(**config)


def _info(dataset, key):
    return [dataset.get_data_info(index)[key] for index in range(len(dataset))]


@pytest.mark.parametrize('held_out', ['2', 2])
def test_a_fold_is_held_out(root, held_out):
    test = _dataset(root, column='fold', held_out=held_out, part='test')
    train = _dataset(root, column='fold', held_out=held_out, part='train')
    assert set(_info(test, 'subject')) == {'s3', 's4'} and len(test) == 8
    assert set(_info(test, 'fold')) == {'2'} and set(_info(train, 'fold')) == {'1', '3', '4', '5'}
    assert sorted(_info(test, 'line') + _info(train, 'line')) == list(range(2, 42))
    assert _info(train, 'index') == list(range(32))


def test_a_subject_is_held_out(root):
    test = _dataset(root, column='subject', held_out='s1', part='test')
    assert _info(test, 'subject') == ['s1'] * 4  # and not s10
    assert 's1' not in _info(_dataset(root, column='subject', held_out='s1'), 'subject')


def test_the_validation_part_is_cut_by_subject(root):
    split = dict(column='fold', held_out='1', val_share=0.25)
    parts = {part: _dataset(root, **split, part=part) for part in ('train', 'val', 'test')}
    subjects = {part: set(_info(dataset, 'subject')) for part, dataset in parts.items()}
    assert {part: len(names) for part, names in subjects.items()} == dict(train=6, val=2, test=2)
    assert len(set.union(*subjects.values())) == 10
    assert _info(parts['val'], 'line') == _info(_dataset(root, **split, part='val'), 'line')
    seeds = [set(_info(_dataset(root, **split, part='val', seed=seed), 'subject')) for seed in range(5)]
    assert any(seed != subjects['val'] for seed in seeds)


def test_without_subjects_it_is_cut_by_file(tmp_path):
    (tmp_path / 'long.mp4').touch()
    spans = [('long.mp4', CLASSES[second % 2], 1, second, second + 1) for second in range(10)]
    _write(tmp_path, [('anger', 2)] * 10, header='video,label,fold')
    text = (tmp_path / 'all.csv').read_text().splitlines()[1:]
    rows = spans + [(*line.split(','), '', '') for line in text] + [('long.mp4', 'anger', 1, 20, 21)]
    for number in range(9):
        (tmp_path / f'single{number}.mp4').touch()
        rows.append((f'single{number}.mp4', CLASSES[number % 2], 1, '', ''))
    write_list(tmp_path / 'all.csv', rows, 'video,label,fold,start,end')
    split = dict(column='fold', held_out=2, val_share=0.3)
    for seed in range(4):
        train, val = (
            set(_info(_dataset(tmp_path, **split, part=part, seed=seed), 'video_path')) for part in ('train', 'val')
        )
        assert not train & val and len(val) == 3 and len(train) == 7


def test_the_smallest_share_is_one_subject_and_the_largest_leaves_one(root):
    small = _dataset(root, column='fold', held_out=1, val_share=0.001, part='val')
    assert len(set(_info(small, 'subject'))) == 1
    large = _dataset(root, column='fold', held_out=1, val_share=0.999, part='val')
    assert len(set(_info(large, 'subject'))) == 7


def test_values_come_as_people_count(root, tmp_path):
    assert _dataset(root, column='fold', held_out=1).split_values() == ['1', '2', '3', '4', '5']
    config = _config(root, column='subject') | dict(lazy_init=True)
    config.pop('type')
    assert AVClipDataset(**config).split_values() == [f's{number}' for number in range(1, 11)]
    names = ['b', '10', '2', 'clip10', 'clip9', '1']
    assert sorted(names, key=natural_order) == ['1', '2', '10', 'b', 'clip9', 'clip10']
    assert sorted(['²', '10', '2'], key=natural_order) == ['2', '10', '²']  # a digit, and no number


def test_no_value_or_one_that_does_not_exist(root):
    with pytest.raises(ListError, match=r'which fold is held out for testing\? Pass one as --fold: 1, 2, 3, 4, 5'):
        _dataset(root, column='fold', held_out=None)
    with pytest.raises(ListError, match='there is no fold 6 to hold out; choose from 1, 2, 3, 4, 5'):
        _dataset(root, column='fold', held_out=6, part='test')
    _write(root, [('joy', f's{number}', 1) for number in range(50)])
    with pytest.raises(ListError, match=r's29, \.\.\. \(50 in all\)'):
        _dataset(root, column='subject', held_out=None)


def test_a_list_without_the_column_or_with_holes_in_it(root):
    write_list(root / 'bare.csv', [('all0.mp4', 'joy')], 'video,label')
    with pytest.raises(ListError, match=r"bare\.csv: the list has no column 'fold'"):
        _dataset(root, 'bare.csv', column='fold', held_out=1)
    (root / 'old.txt').write_text('all0.mp4 joy\n')
    with pytest.raises(ListError, match=r"old\.txt: the list has no column 'fold'"):
        _dataset(root, 'old.txt', column='fold', held_out=1)
    _write(root, [('joy', 's1', 1), ('joy', 's2', ''), ('anger', 's3', 2)])
    with pytest.raises(ListError, match=r'all\.csv:3: no fold given'):
        _dataset(root, column='fold', held_out=1)


def test_a_part_without_clips(tmp_path):
    _write(tmp_path, [('joy', 's1', 1), ('anger', 's2', 1)])
    with pytest.raises(ListError, match="no clip is left for part 'train' with fold 1 held out"):
        _dataset(tmp_path, column='fold', held_out=1)
    _write(tmp_path, [('joy', 's1', 1), ('anger', 's1', 1), ('joy', 's2', 2)])
    with pytest.raises(ListError, match="no clip is left for part 'val'"):  # one subject, who cannot be in both
        _dataset(tmp_path, column='fold', held_out=2, val_share=0.5, part='val')


def test_what_the_label_map_leaves_out_is_no_fold(tmp_path):
    _write(tmp_path, [('joy', 's1', 1), ('anger', 's2', 2), ('other', 's3', 3), ('joy', 's4', 4)])
    config = _config(tmp_path, column='fold', held_out=3) | dict(label_map=dict(joy='joy', anger='anger', other=None))
    config.pop('type')
    assert AVClipDataset(**config, lazy_init=True).split_values() == ['1', '2', '4']
    with pytest.raises(ListError, match='there is no fold 3 to hold out; choose from 1, 2, 4'):
        AVClipDataset(**config)
    config['label_map'] = dict(joy=None, anger=None, other=None)
    with pytest.raises(ListError, match='no clip is left for the given label_map'):
        AVClipDataset(**config | dict(split=None))


def test_a_class_that_training_lacks_is_an_error_and_testing_may_lack_it(tmp_path):
    _write(tmp_path, [('joy', 's1', 1), ('joy', 's2', 2), ('anger', 's3', 3)])
    with pytest.raises(ListError, match='no clip of class anger, so it cannot be learned'):
        _dataset(tmp_path, column='fold', held_out=3)
    assert len(_dataset(tmp_path, column='fold', held_out=1, part='test')) == 1
    config = _config(tmp_path, column='fold', held_out=3) | dict(allow_missing_classes=True)
    config.pop('type')
    assert len(AVClipDataset(**config)) == 2


@pytest.mark.parametrize(
    ('split', 'message'),
    [
        (dict(column='label'), 'column must be one of fold, subject'),
        (dict(column='fold', part='valid'), 'part must be one of train, val, test'),
        (dict(column='fold', val_share=1.0), 'val_share must be at least 0 and less than 1'),
        (dict(column='fold', part='val'), "part='val' needs a val_share"),
    ],
)
def test_impossible_splits(split, message):
    with pytest.raises(ConfigError, match=message):
        Split(**split)


def test_a_composite_holds_a_subject_of_one_list_out(tmp_path):
    for name in 'ab':
        rows = [(CLASSES[clip % 2], f'{name}{number}', '') for number in range(3) for clip in range(2)]
        _write(tmp_path, rows, f'{name}.csv')

    def composite(held_out, part='train'):
        return ConcatClipDataset(
            [_config(tmp_path, f'{name}.csv', column='subject', held_out=held_out, part=part) for name in 'ab']
        )

    test, train = composite('b1', 'test'), composite('b1')
    assert _info(test, 'subject') == ['b1', 'b1'] and _info(test, 'index') == [0, 1]
    assert len(train) == 10 and _info(train, 'index') == list(range(10))
    assert train.split_values() == ['a0', 'a1', 'a2', 'b0', 'b1', 'b2']
    assert set(train.list_hashes) == {f'{tmp_path}/a.csv', f'{tmp_path}/b.csv'}
    for part in ('train', 'test'):
        with pytest.raises(
            ListError, match=r'a\.csv \+ .*b\.csv: there is no subject c1 to hold out; choose from a0, a1'
        ):
            composite('c1', part)
    with pytest.raises(ListError, match='which subject is held out'):
        composite(None)


def test_data_sets_without_a_split_have_no_folds(root):
    for dataset in (_dataset(root), ConcatClipDataset([_config(root)])):
        with pytest.raises(ConfigError, match='no folds'):
            dataset.split_values()


def test_the_hash_is_that_of_the_file(root):
    import hashlib

    dataset = _dataset(root, column='fold', held_out=1)
    before = hashlib.sha256((root / 'all.csv').read_bytes()).hexdigest()
    assert dataset.list_hashes == {f'{root}/all.csv': before}
