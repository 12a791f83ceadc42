"""Plain lists for training and testing, without a split, must share neither clips nor subjects."""

import logging

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

from mmavf.datasets import AVClipDataset
from mmavf.errors import ListError
from mmavf.protocol.independence import check_independence
from tests.helpers.media import write_list
from tests.helpers.tiny import TinyDataset
from tests.helpers.train import TINY_FOLDS, tiny_runner

CLASSES = ['calm', 'angry']


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmavf')


@pytest.fixture
def make(tmp_path):
    """Write a list of clips, each a pair of file and subject, and return the config of its data set."""

    def write(name, clips, **options):
        for video, _ in clips:
            (tmp_path / video).touch()
        rows = [(video, CLASSES[i % 2], subject) for i, (video, subject) in enumerate(clips)]
        write_list(tmp_path / name, rows, 'video,label,subject')
        return dict(
            type='AVClipDataset',
            ann_file=name,
            data_root=str(tmp_path),
            metainfo=dict(classes=CLASSES),
            **options,
        )

    return write


TRAIN = [('a.mp4', 's1'), ('b.mp4', 's2'), ('c.mp4', 's3')]
APART = [('d.mp4', 's4'), ('e.mp4', 's5')]
SAME_CLIP = [('d.mp4', 's4'), ('b.mp4', 's5')]
SAME_SUBJECT = [('d.mp4', 's4'), ('e.mp4', 's2')]


@pytest.mark.parametrize(
    ('test', 'relation'),
    [(APART, None), (SAME_CLIP, 'b.mp4 is the same file'), (SAME_SUBJECT, 'b.mp4 shows subject s2')],
)
@pytest.mark.parametrize('part', ['val', 'test'])
@pytest.mark.parametrize('is_loader', [False, True])
def test_lists_of_one_folder(make, test, relation, part, is_loader):
    train = AVClipDataset(**{k: v for k, v in make('train.csv', TRAIN).items() if k != 'type'})
    loader = dict(dataset=make('test.csv', test, test_mode=True, lazy_init=True))
    if is_loader:
        loader = DataLoader(AVClipDataset(**{k: v for k, v in loader['dataset'].items() if k != 'type'}))
    loaders = (loader, None) if part == 'val' else (None, loader)
    if relation is None:
        check_independence(train, loaders)
        return
    with pytest.raises(ListError, match=rf'^1 of 3 clips for training .*\n .*train\.csv:3: {relation}'):
        check_independence(train, loaders)
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    MMLogger.get_current_instance().addHandler(handler)
    check_independence(train, loaders, allow_overlap=True)
    MMLogger.get_current_instance().removeHandler(handler)
    assert any(message.startswith('1 of 3 clips for training are not independent') for message in messages)


def test_subjects_of_another_corpus_are_other_people(make):
    train = AVClipDataset(**{k: v for k, v in make('train.csv', TRAIN, source='x').items() if k != 'type'})
    check_independence(train, [dict(dataset=make('test.csv', SAME_SUBJECT, source='y'))])
    with pytest.raises(ListError, match='shows subject s2'):
        check_independence(train, [dict(dataset=make('test.csv', SAME_SUBJECT, source='x'))])


def test_what_cannot_tell_its_clips_apart_is_not_compared_and_named(make, monkeypatch):
    warnings = []
    monkeypatch.setattr(MMLogger, 'warning', lambda logger, text: warnings.append(text))
    check_independence(TinyDataset(), [None])
    assert warnings == []
    check_independence(TinyDataset(), [dict(dataset=make('test.csv', APART))])
    train = AVClipDataset(**{k: v for k, v in make('train.csv', TRAIN).items() if k != 'type'})
    check_independence(train, [DataLoader(TinyDataset())])
    assert [text.partition(':')[0] for text in warnings] == [
        'TinyDataset does not say which clips it has (clip_refs)',
    ] * 2


def test_a_run_does_not_start(make, tmp_path):
    data_sets = dict(
        train_dataloader__dataset=dict(make('train.csv', TRAIN), _delete_=True),
        test_dataloader__dataset=dict(make('test.csv', SAME_SUBJECT, test_mode=True), _delete_=True),
    )
    with pytest.raises(ListError, match='shows subject s2'):
        tiny_runner(tmp_path / 'run', TINY_FOLDS, **data_sets).train()
    assert not list((tmp_path / 'run').glob('*.pth'))
    runner = tiny_runner(tmp_path / 'allowed', TINY_FOLDS, protocol__allow_overlap=True, **data_sets)
    assert len(runner.train_dataloader.dataset) == 3  # built: empty files cannot be trained on
