"""Data sets that know their clips keep one contract."""

import hashlib

import pytest

from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.errors import ConfigError
from mmavf.protocol.clip_data import ClipData, clip_data
from mmavf.structures.contracts import check_contract
from tests.helpers.tiny import TinyDataset
from tests.helpers.tiny_eval import ToldDataset
from tests.helpers.tiny_folds import TinyFolds

SPLIT = dict(column='fold', held_out='2', part='train')


@pytest.fixture
def clips(tmp_path):
    """Two clips in each of the folds 1 and 2."""
    for i in range(4):
        (tmp_path / f'{i}.mp4').write_bytes(bytes([i]))
    rows = [f'{i}.mp4,,s{i % 2},{1 + i % 2},{i}' for i in range(4)]
    (tmp_path / 'all.csv').write_text('\n'.join(['video,audio,subject,fold,id', *rows]) + '\n')
    return dict(ann_file='all.csv', data_root=str(tmp_path), split=SPLIT)


@pytest.mark.parametrize('whole', [AVClipDataset, ConcatClipDataset])
def test_what_they_say_of_a_list(tmp_path, clips, whole):
    lazy = dict(lazy_init=True)
    dataset = whole(**clips, **lazy) if whole is AVClipDataset else whole([dict(clips, type='AVClipDataset')], **lazy)
    check_contract(dataset, ClipData, 'data set')
    assert clip_data(dataset) is dataset
    assert dataset.split_values() == ['1', '2']  # before the list is read
    dataset.full_init()
    assert [ref.id for ref in dataset.clip_refs()] == ['0', '2'] and len(dataset) == 2
    digest = hashlib.sha256((tmp_path / 'all.csv').read_bytes()).hexdigest()
    assert dataset.list_hashes == {str(tmp_path / 'all.csv'): digest}
    assert dataset.bad_samples_file is None
    dataset.bad_samples_file = 'bad.jsonl'
    parts = getattr(dataset, 'datasets', [dataset])
    assert [part.bad_samples_file for part in parts] == [dataset.bad_samples_file] == ['bad.jsonl']


def test_stand_ins_keep_it_too():
    for dataset in (ToldDataset(), TinyFolds(lazy_init=True)):
        check_contract(dataset, ClipData, 'stand-in')


def test_a_data_set_of_another_package_is_not_asked():
    assert clip_data(TinyDataset()) is None


def test_half_a_contract_is_refused_by_name():
    class Half(TinyDataset):
        def clip_refs(self):
            return iter(())

    with pytest.raises(ConfigError, match=r'^data set: Half has no list_hashes, full_init, split_values; see'):
        clip_data(Half())
