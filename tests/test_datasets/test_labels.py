"""Labels by name, by number, mapped, several at once, and their faults."""

import numpy as np
import pytest

from mmavf.datasets.labels import ClassLabels, NumberLabels, check_classes, read_classes, read_labels, soft_target
from mmavf.errors import ConfigError, ListError

EMOTIONS = ['anger', 'happiness', 'neutral']


def _read(texts, reader):
    """Labels by text, None where there is none, and the problems by text."""
    entries = [dict(line=line, labels=[text]) for line, text in enumerate(texts)]
    kept, problems, left_out = read_labels(entries, reader)
    labels = {texts[entry['line']]: entry['label'] for entry in kept}
    return labels, {texts[line]: problem for line, problem in problems}, left_out


def test_names_and_numbers():
    labels, problems, left_out = _read(['happiness', '0', '3', 'Anger', '-1', 'nan', ''], ClassLabels(EMOTIONS))
    assert labels == {'happiness': 1, '0': 0}
    assert not left_out
    assert problems == {
        '3': 'label 3 is out of range: classes are numbered 0 to 2',
        'Anger': "unknown label 'Anger'; the classes are anger, happiness, neutral",
        '-1': "unknown label '-1'; the classes are anger, happiness, neutral",
        'nan': "unknown label 'nan'; the classes are anger, happiness, neutral",
        '': 'no label; the classes are anger, happiness, neutral',
    }


def test_a_map_renames_merges_and_leaves_out():
    label_map = {'ang': 'anger', 'exc': 'happiness', 'hap': 'happiness', 'xxx': None}
    labels, problems, left_out = _read(
        ['ang', 'exc', 'hap', 'xxx', 'anger'], ClassLabels(EMOTIONS, label_map=label_map)
    )
    assert labels == {'ang': 0, 'exc': 1, 'hap': 1}
    assert left_out == {'xxx': 1}
    assert problems == {'anger': "unknown label 'anger'; the classes are ang, exc, hap, xxx"}


def test_numbers_count_in_the_lists_own_classes():
    reader = ClassLabels(
        EMOTIONS, list_classes=['hap', 'oth', 'ang'], label_map=dict(ang='anger', hap='happiness', oth=None)
    )
    labels, problems, left_out = _read(['0', '1', '2', '3', 'ang'], reader)
    assert labels == {'0': 1, '2': 0, 'ang': 0} and left_out == {'1': 1}
    assert 'classes are numbered 0 to 2' in problems['3']
    # names that are the same need no map
    assert _read(['0', '1'], ClassLabels(EMOTIONS, list_classes=['neutral', 'anger']))[0] == {'0': 2, '1': 0}


def test_numbers_mean_nothing_under_a_map_without_order():
    _, problems, _ = _read(['0'], ClassLabels(EMOTIONS, label_map=dict(ang='anger')))
    assert problems == {'0': "unknown label '0'; the classes are ang"}


def test_several_classes_at_once():
    reader = ClassLabels(EMOTIONS, label_map=dict(a='anger', h='happiness', j='happiness', x=None), multi_label=True)
    labels, problems, left_out = _read(['h+a', 'a', 'h+j', 'a+x', 'a+?', 'a+'], reader)
    assert labels == {'h+a': (0, 1), 'a': (0,), 'h+j': (1,)}
    assert left_out == {'a+x': 1}
    assert problems == {
        'a+?': "unknown label '?'; the classes are a, h, j, x",
        'a+': 'no label; the classes are a, h, j, x',
    }
    assert 'unknown' in _read(['anger+neutral'], ClassLabels(EMOTIONS))[1]['anger+neutral']


def test_the_soft_target_shares_one():
    target = soft_target((0, 2, 3), 5)
    assert target.dtype == np.float32 and target.shape == (5,)
    np.testing.assert_allclose(target, [1 / 3, 0, 1 / 3, 1 / 3, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(label_map=dict(ang='angry')), 'not classes .*: angry'),
        (dict(list_classes=['ang', 'hap'], label_map=dict(ang='anger')), 'label_map lacks .*: hap'),
        (dict(list_classes=['ang'], label_map=dict(ang='anger', hap='happiness')), 'list_classes lacks: hap'),
        (dict(list_classes=['ang']), 'not classes .*: ang'),
    ],
)
def test_maps_that_do_not_fit(options, message):
    with pytest.raises(ConfigError, match=message):
        ClassLabels(EMOTIONS, **options)


def test_numbers_to_regress():
    rows = [['0.5', '-1e-1'], ['x', '1'], ['1', 'nan'], ['-inf', '1'], ['', '1']]
    entries = [dict(line=line, labels=row) for line, row in enumerate(rows)]
    kept, problems, _ = read_labels(entries, NumberLabels(['valence', 'arousal']))
    assert [entry['label'] for entry in kept] == [[0.5, -0.1]]
    assert problems == [
        (1, "valence is not a number: 'x'"),
        (2, 'arousal is not a finite number: nan'),
        (3, 'valence is not a finite number: -inf'),
        (4, "valence is not a number: ''"),
    ]


def test_a_class_without_a_clip():
    check_classes([0, (1, 2)], EMOTIONS, 'all.csv', may_lack=False)
    check_classes([0], EMOTIONS, 'all.csv', may_lack=True)
    with pytest.raises(ListError, match=r'all\.csv: no clip of class happiness, neutral, so it cannot be learned'):
        check_classes([0, (0,)], EMOTIONS, 'all.csv', may_lack=False)


def test_a_file_of_classes_as_editors_leave_it(tmp_path):
    path = tmp_path / 'classes.txt'
    path.write_bytes('\ufeffanger\r\nvery happy \r\n\r\n'.encode())
    assert read_classes(str(path)) == ['anger', 'very happy']


def test_a_class_number_with_decimals_is_that_number_unless_it_is_a_name():
    assert ClassLabels(['joy', 'anger']).read(['1.0']) == 1
    assert ClassLabels(['1', '2']).read(['2.0']) == 1
    assert ClassLabels(['2.0', '1.0']).read(['1.0']) == 1
    assert ClassLabels(['joy', 'anger', 'fear'], multi_label=True).read(['0.0 + fear']) == (0, 2)
    with pytest.raises(ValueError, match='out of range'):
        ClassLabels(['joy', 'anger']).read(['2.0'])
    with pytest.raises(ValueError, match='unknown label'):
        ClassLabels(['joy', 'anger']).read(['0.5'])


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'joy\nan\x00ger\n', 'line 2: the name holds'),
        (b'\xff\xfe', 'cannot be read as UTF-8'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'Git LFS pointer'),
    ],
)
def test_files_that_hold_no_class_names(tmp_path, data, message):
    (tmp_path / 'classes.txt').write_bytes(data)
    with pytest.raises(ListError, match=message):
        read_classes(str(tmp_path / 'classes.txt'))
    with pytest.raises(ListError, match='cannot be read'):
        read_classes(str(tmp_path))


def test_names_in_a_file_are_stripped(tmp_path):
    (tmp_path / 'classes.txt').write_text('\ufeffjoy\xa0\n\u200b\n anger \n', encoding='utf-8')
    assert read_classes(str(tmp_path / 'classes.txt')) == ['joy', 'anger']
