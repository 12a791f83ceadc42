"""What checkpoints of real runs keep of the data that they saw, and which runs may start from them."""

from pathlib import Path

import pytest
import torch

from mmavf.errors import CheckpointError, ConfigError
from mmavf.protocol.provenance import chosen_checkpoint
from tests.helpers.tiny_folds import TinyFolds
from tests.helpers.train import TINY_FOLDS, run_train, tiny_runner, weights

PARTS = ('train', 'val', 'test')
TINY_UNLABELLED = dict(
    protocol=None,
    train_dataloader__dataset__split__held_out='1',
    val_dataloader=None,
    val_cfg=None,
    val_evaluator=None,
    test_dataloader=None,
    test_cfg=None,
    test_evaluator=None,
)


def test_the_checkpoint_knows_what_it_was_trained_on(tmp_path):
    tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='2', train_cfg__max_epochs=1).train()
    record = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['meta']['protocol']
    lists, files = record.pop('lists'), record.pop('files')
    assert record == dict(
        stage='finetune',
        target='tiny',
        column='fold',
        fold='2',
        selection='strict',
        val_share=0.0,
        allow_overlap=False,
        corpora=['tiny'],
    )
    assert list(lists) == ['all.csv'] and len(lists['all.csv']) == 64
    assert len(files.unique()) == 24  # of 36 clips, 12 are in fold 2
    last = chosen_checkpoint(tmp_path, record)
    assert last.name == 'epoch_1.pth'

    runner = tiny_runner(tmp_path / 'leak', TINY_FOLDS, protocol__fold='1', load_from=str(last))
    with pytest.raises(ConfigError, match='without fold 2 of tiny, and this run tests on fold 1 of tiny'):
        runner.train()
    runner = tiny_runner(tmp_path / 'leak', TINY_FOLDS, protocol__fold='1', load_from=str(last))
    with pytest.raises(ConfigError, match='--allow-overlap'):
        runner.test()
    tiny_runner(tmp_path / 'same', TINY_FOLDS, protocol__fold='2', load_from=str(last)).test()
    options = dict(protocol__fold='1', load_from=str(last), protocol__allow_overlap=True)
    tiny_runner(tmp_path / 'allowed', TINY_FOLDS, **options).test()
    with pytest.raises(ConfigError, match='with fold 2, this one has 1'):
        tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', train_cfg__max_epochs=1, resume=True).train()
    with pytest.raises(CheckpointError, match=r'no best_\*\.pth'):
        chosen_checkpoint(tmp_path, dict(record, selection='paper'))
    with pytest.raises(CheckpointError, match='no checkpoint'):
        chosen_checkpoint(tmp_path / 'allowed', record)


@pytest.mark.slow
def test_two_processes_train_on_a_fold(tmp_path):
    args = ['--fold', '3', '--selection', 'paper']
    done = run_train(tmp_path, 'train_cfg.max_epochs=1', config=TINY_FOLDS, args=args, processes=2)
    assert done.returncode == 0, done.stderr
    (best,) = Path(tmp_path).glob('best_acc_epoch_1.pth')
    record = torch.load(best, weights_only=True)['meta']['protocol']
    assert (record['fold'], record['selection']) == ('3', 'paper')


def test_weights_keep_their_past_through_other_trainings(tmp_path):
    """Post-pre-training for one target, fine-tuning on it, unlabelled training, then another target; and resumption."""
    parts = [f'{part}_dataloader__dataset' for part in PARTS]
    other = {f'{part}__{key}': 'other' for part in parts for key in ('family', 'ann_file', 'data_root')}
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'a', TINY_FOLDS, **once).train()
    start = dict(load_from=str(tmp_path / 'a/epoch_1.pth'))
    tiny_runner(tmp_path / 'b', TINY_FOLDS, protocol__target='b', **once, **other, **start).train()
    start = dict(load_from=str(tmp_path / 'b/epoch_1.pth'))
    unlabelled = dict(TINY_UNLABELLED, train_cfg__max_epochs=2)
    tiny_runner(tmp_path / 'c', TINY_FOLDS, **unlabelled, **start).train()
    start = dict(load_from=str(tmp_path / 'c/epoch_1.pth'))
    tiny_runner(tmp_path / 'd', TINY_FOLDS, **unlabelled, **start, resume=True).train()
    meta = torch.load(tmp_path / 'd/epoch_2.pth', weights_only=True)['meta']
    assert 'protocol' not in meta
    seen = [(record['target'], record['corpora']) for record in meta['origin']]
    assert seen == [('tiny', ['tiny']), ('b', ['other'])]
    start = dict(load_from=str(tmp_path / 'd/epoch_2.pth'))
    tiny_runner(tmp_path / 'same', TINY_FOLDS, **once, **start).train()
    runner = tiny_runner(tmp_path / 'leak', TINY_FOLDS, protocol__fold='1', **start)
    with pytest.raises(ConfigError, match='trained on tiny without fold 2 of tiny, and this run tests on fold 1'):
        runner.train()


def test_weights_of_an_unknown_training_are_warned_of(tmp_path):
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'before', TINY_FOLDS, **once).train()
    saved = torch.load(tmp_path / 'before/epoch_1.pth', weights_only=True)
    with_head = saved['state_dict']
    no_head = {name: value for name, value in with_head.items() if not name.startswith('head.')}
    unlabelled = {key: saved['meta'][key] for key in saved['meta'].keys() - {'protocol', 'origin'}}
    for name, state, meta, warned in (
        ('known', with_head, saved['meta'], False),
        ('no_head', no_head, unlabelled, False),
        ('unknown', with_head, unlabelled, True),
    ):
        path = tmp_path / f'{name}.pth'
        torch.save(dict(state_dict=state, meta=meta), path)
        runner = tiny_runner(tmp_path / name, TINY_FOLDS, **once, load_from=str(path))
        runner.train()
        (log,) = (tmp_path / name).glob('*/*.log')
        assert ('does not say on which' in log.read_text()) == warned, name


@pytest.mark.parametrize('run', ['train', 'test'])
def test_another_fold_that_the_name_of_a_file_tells_is_warned_of(tmp_path, run):
    runner = tiny_runner(tmp_path / 'first', TINY_FOLDS)
    state = runner.model.state_dict()
    path = tmp_path / 'ours.pth'
    torch.save(dict(state_dict=state, meta=dict(converted_from='SAMM/fold_2.pth')), path)
    options = dict(protocol__fold='1', train_cfg__max_epochs=1, load_from=str(path))
    getattr(tiny_runner(tmp_path / 'run', TINY_FOLDS, **options), run)()
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert 'SAMM/fold_2.pth, names samm, and this run tests on tiny, fold 1.' in log.read_text()


@pytest.mark.parametrize('run', ['train', 'test'])
def test_a_moved_folder_and_another_list_do_not_hide_what_was_trained_on(tmp_path, run):
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'before', TINY_FOLDS, **once).train()
    start = dict(load_from=str(tmp_path / 'before/epoch_1.pth'), train_cfg__max_epochs=1)

    def runner(fold, **changes):
        parts = {f'{part}_dataloader__dataset__{key}': value for key, value in changes.items() for part in PARTS}
        return tiny_runner(tmp_path / f'{fold}-{changes}', TINY_FOLDS, protocol__fold=fold, **parts, **start)

    with pytest.raises(ConfigError, match='without fold 2 of tiny, and this run tests on fold 1 of tiny'):
        getattr(runner('1', family='moved', ann_file='all.csv'), run)()  # the list is the same to the byte
    with pytest.raises(ConfigError, match=r'without fold 2 of tiny, but drawn_anew\.csv is another list'):
        getattr(runner('2', ann_file='drawn_anew.csv'), run)()
    getattr(runner('2', family='moved', ann_file='all.csv'), run)()
    getattr(runner('1', family='other', ann_file='other.csv', data_root='other'), run)()


@pytest.mark.parametrize('run', ['train', 'test'])
def test_another_list_of_the_same_files_does_not_hide_that_they_were_trained_on(tmp_path, run):
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'before', TINY_FOLDS, **once).train()
    start = dict(load_from=str(tmp_path / 'before/epoch_1.pth'), train_cfg__max_epochs=1, protocol__target='mine')

    def runner(fold, **more):
        parts = {f'{part}_dataloader__dataset__{key}': 'mine.csv' for key in ('family', 'ann_file') for part in PARTS}
        return tiny_runner(tmp_path / f'{fold}{more}', TINY_FOLDS, protocol__fold=fold, **parts, **start, **more)

    with pytest.raises(ConfigError, match=r'trained on 12 of the files that this run tests on, by all\.csv'):
        getattr(runner('1'), run)()
    getattr(runner('2'), run)()
    getattr(runner('1', protocol__allow_overlap=True), run)()


def test_a_head_for_other_classes_is_not_tested_and_starts_anew_in_a_training(tmp_path):
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'before', TINY_FOLDS, **once).train()
    last = str(tmp_path / 'before/epoch_1.pth')
    turned = {f'{part}_dataloader__dataset__classes': ['neutral', 'happiness', 'anger'] for part in PARTS}
    with pytest.raises(
        ConfigError, match='for the classes anger, happiness, neutral, this run for neutral, happiness, anger'
    ):
        tiny_runner(tmp_path / 'test', TINY_FOLDS, **once, **turned, load_from=last).test()
    loaded = weights(last)
    for name, changes in (('same', {}), ('other', turned)):
        still = dict(optim_wrapper__optimizer__lr=0.0, load_from=last)
        tiny_runner(tmp_path / name, TINY_FOLDS, **once, **changes, **still).train()
        trained = weights(tmp_path / name / 'epoch_1.pth')
        assert torch.equal(trained['audio.weight'], loaded['audio.weight'])
        assert torch.equal(trained['head.weight'], loaded['head.weight']) == (name == 'same')


def test_subject_2_is_not_fold_2(tmp_path):
    by_subject = {f'{part}_dataloader__dataset__split__column': 'subject' for part in PARTS}
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'before', TINY_FOLDS, **once, **by_subject).train()
    last = str(tmp_path / 'before/epoch_1.pth')
    tiny_runner(tmp_path / 'same', TINY_FOLDS, **once, **by_subject, load_from=last).test()
    with pytest.raises(ConfigError, match='without subject 2 of tiny, and this run tests on fold 2 of tiny'):
        tiny_runner(tmp_path / 'leak', TINY_FOLDS, **once, load_from=last).test()
    with pytest.raises(ConfigError, match='with column subject, this one has fold'):
        tiny_runner(tmp_path / 'before', TINY_FOLDS, **once, resume=True).train()


def test_folds_that_were_drawn_anew_are_not_the_same(tmp_path, monkeypatch):
    once = dict(protocol__fold='2', train_cfg__max_epochs=1)
    tiny_runner(tmp_path / 'before', TINY_FOLDS, **once).train()
    start = dict(load_from=str(tmp_path / 'before/epoch_1.pth'))
    init = TinyFolds.__init__

    def changed(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.list_hashes = {'all.csv': 'of another file'}

    monkeypatch.setattr(TinyFolds, '__init__', changed)
    for run in ('train', 'test'):
        runner = tiny_runner(tmp_path / run, TINY_FOLDS, **once, **start)
        with pytest.raises(ConfigError, match=r'without fold 2 of tiny, but all\.csv is another list or has been'):
            getattr(runner, run)()
    tiny_runner(tmp_path / 'allowed', TINY_FOLDS, protocol__allow_overlap=True, **once, **start).test()
