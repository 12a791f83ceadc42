"""Class balance, with the order and the randomness of KeyedSampler (tests/test_engine/test_keyed_sampler.py)."""

from collections import Counter

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.samplers import ClassBalancedSampler, keyed_sampler
from mmavf.errors import ConfigError

from ..helpers.media import write_list

LABELS = [0] * 50 + [1] * 9 + [3] * 2  # no clip of class 2


class _Labelled:
    def __len__(self):
        return len(LABELS)

    def class_indices(self):
        return np.array(LABELS)


def _sampler(epoch=0, first=0, **kwargs):
    sampler = ClassBalancedSampler(_Labelled(), seed=3, **kwargs)
    sampler.start_at(epoch, first)
    return sampler


def test_classes_come_equally_often_and_so_do_the_clips_of_each():
    for epoch in range(3):
        indices = [key.index for key in _sampler(epoch)]
        assert len(indices) == 61
        assert sorted(Counter(LABELS[index] for index in indices).values()) == [20, 20, 21]
        clips = Counter(indices)
        for label in (0, 1, 3):
            counts = [clips[index] for index, other in enumerate(LABELS) if other == label]
            assert max(counts) - min(counts) <= 1


def test_over_epochs_every_clip_of_a_frequent_class_comes():
    seen = {key.index for epoch in range(12) for key in _sampler(epoch)}
    assert seen == set(range(61))


def test_classes_are_mixed_and_orders_repeat():
    first, again, other = (list(_sampler(epoch)) for epoch in (0, 0, 1))
    assert first == again and [key.index for key in first] != [key.index for key in other]
    assert {LABELS[key.index] for key in first[:12]} == {0, 1, 3}
    assert [key.position for key in first] == list(range(61))


def test_it_starts_anywhere_and_deals_out_to_ranks(monkeypatch):
    whole = list(_sampler(2, round_to=4))
    assert len(whole) == 60 and list(_sampler(2, first=8, round_to=4)) == whole[8:]
    shares = []
    for rank in range(2):
        monkeypatch.setattr(keyed_sampler, 'get_dist_info', lambda rank=rank: (rank, 2))
        shares.append(list(_sampler(2, round_to=2)))
    assert [key for pair in zip(*shares, strict=True) for key in pair] == whole


def test_labels_come_from_data_sets(tmp_path):
    init_default_scope('mmavf')
    for name in 'abcd':
        (tmp_path / f'{name}.mp4').touch()
    write_list(tmp_path / 'one.csv', [('a.mp4', 'joy'), ('b.mp4', 'fear')], 'video,label')
    write_list(tmp_path / 'two.csv', [('c.mp4', 'joy+fear'), ('d.mp4', 'joy')], 'video,label')
    classes = dict(classes=['fear', 'joy'])
    one = AVClipDataset('one.csv', str(tmp_path), metainfo=classes)
    two = AVClipDataset('two.csv', str(tmp_path), metainfo=classes, multi_label=True)
    both = ConcatClipDataset([one, two])
    np.testing.assert_array_equal(both.class_indices(), [1, 0, 0, 1])
    infos = [both.get_data_info(index) for index in range(4)]
    assert [info.get('gt_label') for info in infos] == [1, 0, None, 1]
    np.testing.assert_array_equal([info['gt_score'] for info in infos[2:]], [[0.5, 0.5], [0, 1]])
    assert sorted(key.index for key in ClassBalancedSampler(both, seed=0)) == [0, 1, 2, 3]
    with pytest.raises(ConfigError, match=r'one\.csv: the data set has no classes'):
        ClassBalancedSampler(AVClipDataset('one.csv', str(tmp_path)), seed=0)
