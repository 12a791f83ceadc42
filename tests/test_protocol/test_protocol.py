"""What a run trains, validates and tests on, and which checkpoints it may start from."""

import copy
import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest
from mmengine.config import Config

from mmavf.cli.protocol_options import add_protocol_options, merge_protocol_options
from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.targets import CEA_CLASSES, hold_out_target
from mmavf.errors import ConfigError
from mmavf.protocol.fold_folder import fold_folder
from mmavf.protocol.overlap import file_digests
from mmavf.protocol.protocol import apply_protocol
from mmavf.protocol.provenance import check_same_run, find_leak, follow_checkpoint, training_lineage, training_record
from tests.helpers.train import TINY_FOLDS, tiny_runner

SPLIT = dict(column='fold', held_out=None, part='train')


def config(dataset=None, **protocol):
    """A fine-tuning config of one list, or of `dataset`, to train on; the loaders share nothing."""
    one = dict(type='AVClipDataset', ann_file='all.csv', family='f', split=SPLIT)
    defaults = dict(stage='finetune', target='t', fold=None, selection='strict', val_share=0.0, allow_overlap=False)
    cfg = dict(
        train_dataloader=dict(dataset=dataset or one),
        val_dataloader=dict(dataset=one),
        val_cfg=dict(),
        val_evaluator=[dict(type='RegressionMetric', key='ccc'), dict(type='Other', key='else')],
        test_dataloader=dict(dataset=one),
        default_hooks=dict(checkpoint=dict(type='AtomicCheckpointHook')),
        protocol={**defaults, **protocol},
    )
    return Config(copy.deepcopy(cfg))


def applied(*args, **protocol):
    cfg = config(*args, **protocol)
    apply_protocol(cfg, hold_out_target)
    return cfg


def split_of(cfg, part):
    split = cfg[f'{part}_dataloader'].dataset.split
    return split.part, split.held_out, split.val_share


def test_strict_without_validation():
    cfg = applied(fold=3)
    assert split_of(cfg, 'train') == ('train', '3', 0.0) and split_of(cfg, 'test') == ('test', '3', 0.0)
    assert cfg.val_dataloader is cfg.val_cfg is cfg.val_evaluator is None
    assert 'save_best' not in cfg.default_hooks.checkpoint


def test_strict_with_a_validation_part():
    cfg = applied(fold='3', val_share=0.2)
    assert [split_of(cfg, part) for part in ('train', 'val', 'test')] == [
        (part, '3', 0.2) for part in ('train', 'val', 'test')
    ]
    assert (cfg.default_hooks.checkpoint.save_best, cfg.default_hooks.checkpoint.rule) == ('ccc', 'greater')


def test_paper_validates_on_the_test_part():
    cfg = applied(fold='3', selection='paper')
    assert split_of(cfg, 'val') == split_of(cfg, 'test') == ('test', '3', 0.0)
    assert cfg.default_hooks.checkpoint.save_best == 'ccc'


def test_a_choice_of_the_config_stays():
    cfg = config(fold='3', selection='paper')
    cfg.default_hooks.checkpoint.update(save_best='else', rule='less')
    apply_protocol(cfg, hold_out_target)
    assert (cfg.default_hooks.checkpoint.save_best, cfg.default_hooks.checkpoint.rule) == ('else', 'less')


def test_the_first_metric_with_a_key_says_what_the_best_epoch_is():
    cfg = config(fold='3', selection='paper')
    ours = cfg.val_evaluator
    cfg.val_evaluator = [dict(type='mmengine.DumpResults', out_file_path='a.pkl'), *ours]
    apply_protocol(cfg, hold_out_target)
    assert cfg.default_hooks.checkpoint.save_best == 'ccc'
    for save_best in (None, ''):
        cfg = config(fold='3', selection='paper')
        cfg.default_hooks.checkpoint.save_best = save_best
        cfg.val_evaluator = [dict(type='NoMetricOfThisName')]
        with pytest.raises(ConfigError, match=r'set default_hooks\.checkpoint\.save_best'):
            apply_protocol(cfg, hold_out_target)


def test_all_parts_of_a_concatenation_that_are_split():
    part = dict(ann_file='a.csv', family='f', split=SPLIT)
    whole = dict(ann_file='b.csv', family='g')
    inner = dict(type='ConcatClipDataset', datasets=[part, whole])
    hybrid = dict(type='ConcatClipDataset', datasets=[inner, part], held_out=[dict(part, split=dict(column='fold'))])
    dataset = applied(copy.deepcopy(hybrid), fold='2', val_share=0.1).train_dataloader.dataset
    (inner, second), (held_out,) = dataset.datasets, dataset.held_out
    for split in (inner.datasets[0].split, second.split):
        assert (split.held_out, split.part, split.val_share) == ('2', 'train', 0.1)
    assert (held_out.split.held_out, held_out.split.part) == ('2', 'test')
    assert 'split' not in inner.datasets[1]


def test_what_the_config_holds_out_needs_no_fold():
    cfg = config()
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.split.held_out = 'validation'
    apply_protocol(cfg, hold_out_target)
    assert cfg.protocol.fold == 'validation' and split_of(cfg, 'train')[:2] == ('train', 'validation')
    again = copy.deepcopy(cfg)
    apply_protocol(again, hold_out_target)
    assert again.to_dict() == cfg.to_dict()


@pytest.mark.parametrize('nothing', [None, []])
def test_a_hybrid_that_holds_nothing_out_names_its_target_or_allows_overlap(nothing):
    hybrid = dict(type='ConcatClipDataset', datasets=[dict(type='AVClipDataset', ann_file='all.csv')], held_out=nothing)
    with pytest.raises(ConfigError, match='Which target is this post-pre-training for'):
        applied(hybrid, stage='postpretrain', target=None)
    allowed = applied(hybrid, stage='postpretrain', target=None, allow_overlap=True)
    dataset = dict(allowed.train_dataloader.dataset, lazy_init=True)
    assert ConcatClipDataset(**{key: dataset[key] for key in dataset if key != 'type'}).held_out == []


def test_each_fold_starts_from_its_own_checkpoint():
    cfg = config(fold=4)
    cfg.load_from = 'psi/fold_{fold}/epoch_50.pth'
    apply_protocol(cfg, hold_out_target)
    assert cfg.load_from == 'psi/fold_4/epoch_50.pth'


def test_a_fold_that_is_the_number_zero():
    cfg = applied(fold=0)
    assert cfg.protocol.fold == '0' and split_of(cfg, 'test')[:2] == ('test', '0')


def test_a_fold_with_a_slash_starts_from_the_folder_that_was_made_for_it():
    cfg = config(fold='a/b')
    cfg.load_from = 'psi/fold_{fold}/epoch_50.pth'
    apply_protocol(cfg, hold_out_target)
    assert cfg.protocol.fold == 'a/b' and cfg.load_from == f'psi/{fold_folder("a/b")}/epoch_50.pth'


def test_without_a_fold_there_is_no_checkpoint_of_it(tmp_path):
    with pytest.raises(ConfigError, match=r'psi/fold_\{fold\}/epoch_50.pth: which fold\? .* --fold'):
        tiny_runner(tmp_path, TINY_FOLDS, load_from='psi/fold_{fold}/epoch_50.pth')
    assert not list(tmp_path.iterdir())


def test_a_config_without_protocol_stays():
    cfg = Config(dict(train_dataloader=dict(dataset=dict(split=SPLIT))))
    before = copy.deepcopy(cfg)
    apply_protocol(cfg, hold_out_target)
    assert cfg.to_dict() == before.to_dict()


@pytest.mark.parametrize(
    ('protocol', 'message'),
    [
        (dict(selection='best'), "selection must be one of .* not 'best'"),
        (dict(val_share=1.0), 'val_share must be .* not 1.0'),
        (dict(val_share=0.1, selection='paper'), 'set val_share=0'),
        (dict(val_share='0.2'), 'val_share must be .* not 0.2'),
        (dict(stage='fine-tune'), "stage must be one of .* not 'fine-tune'"),
        (dict(allow_overlap='no'), "allow_overlap must be one of .* not 'no'"),
    ],
)
def test_impossible_protocols(protocol, message):
    with pytest.raises(ConfigError, match=message):
        applied(**protocol)


def test_what_a_config_lacks_is_named():
    cfg = config(fold='1')
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.split = None
    with pytest.raises(ConfigError, match='--fold 1: no data set'):
        apply_protocol(cfg, hold_out_target)
    cfg = config(fold='1', selection='paper')
    cfg.val_cfg = None
    with pytest.raises(ConfigError, match='val_cfg is not set'):
        apply_protocol(cfg, hold_out_target)


def options(cfg, *words):
    parser = ArgumentParser()
    parser.add_argument('--config', default='some.py')
    add_protocol_options(parser)
    merge_protocol_options(cfg, parser.parse_args(words))
    return cfg


def test_options_of_the_tools():
    cfg = options(config(), '--fold', '4', '--selection', 'paper', '--allow-overlap', '--target', 't')
    assert cfg.protocol.fold == '4' and cfg.protocol.selection == 'paper' and cfg.protocol.allow_overlap is True
    assert options(config(allow_overlap=True)).protocol.allow_overlap is True
    assert options(config(target=None), '--target', 'x').protocol.target == 'x'
    with pytest.raises(ConfigError, match=r'some\.py is about t;'):
        options(config(), '--target', 'other')
    with pytest.raises(ConfigError, match='takes no fold'):
        options(Config(dict()), '--fold', '4')


def test_a_name_that_begins_with_a_dash(capsys):
    assert options(config(), '--fold=-anna').protocol.fold == '-anna'
    with pytest.raises(SystemExit):
        options(config(), '--fold', '-anna')
    assert 'expected one argument; write a value that begins with a dash as --fold=-…' in capsys.readouterr().err


def follow(cfg, selection=None, **options):
    """Follow a checkpoint of fold 1, selected as in the paper; return the fold and selection that are tested."""
    record = training_record(applied(fold='1', selection='paper'), {})
    cfg.merge_from_dict(options)
    follow_checkpoint(cfg, Namespace(selection=selection, cfg_options=options or None), record)
    apply_protocol(cfg, hold_out_target)
    return cfg.protocol.fold, cfg.protocol.selection


def test_the_checkpoint_says_what_nobody_else_says():
    assert follow(config()) == ('1', 'paper')
    assert follow(config(fold='2')) == ('2', 'paper')
    assert follow(config(), **{'protocol.fold': 3}) == ('3', 'paper')
    assert follow(config(), **{'test_dataloader.dataset.split.held_out': '3'}) == ('3', 'paper')
    assert follow(config(), **{'protocol.selection': 'strict'}) == ('1', 'strict')
    assert follow(config(), selection='strict') == ('1', 'strict')
    assert follow(config(target='u')) == (None, 'strict')
    other = {'test_dataloader.dataset.family': 'g'}
    assert follow(config(), **other) == (None, 'strict')


def nothing():
    """The digests of no files."""
    return file_digests(())


def find(trained=None, tested=None, dataset=None, list_hash='abc', trained_list='all.csv'):
    hashes = {trained_list: 'abc' if trained_list == 'all.csv' else 'y'}
    record = training_record(applied(dataset, **{'fold': '1', **(trained or {})}), hashes)
    assert json.loads(json.dumps(record)) == record
    hashes = {'all.csv': list_hash, 'other.csv': 'x'}
    return find_leak([record], applied(**{'fold': '1', **(tested or {})}), hashes, nothing)


def test_leaks():
    assert find() is None
    psi = dict(
        column='fold', corpora=['f'], lists={'all.csv': 'abc'}, **config(fold='1', stage='postpretrain').protocol
    )
    assert find_leak([psi], applied(fold='1'), {'all.csv': 'abc'}, nothing) is None
    assert 'fold 1 of t, and this run tests on fold 2 of t' in find(tested=dict(fold='2'))
    assert 'fold 1 of u, and this run tests on fold 1 of t' in find(trained=dict(target='u'))
    assert 'fold 1, and' in find(trained=dict(target=None))
    assert 'overlap' in find(trained=dict(allow_overlap=True))
    assert 'chosen on the test part' in find(trained=dict(selection='paper'))
    assert find(trained=dict(selection='paper'), tested=dict(selection='paper')) is None
    assert 'all.csv is another list or has been changed since' in find(list_hash='abd')
    other = dict(ann_file='b.csv', family='g', split=dict(SPLIT))
    alone = dict(dataset=other, trained_list='b.csv')
    assert find(**alone, list_hash='abd') is None
    assert find(**alone, trained=dict(target='u', fold='7')) is None
    assert 'this run tests on fold 1 of t' in find(**alone, trained=dict(fold='7'), list_hash='y')  # moved
    hybrid = dict(datasets=[other, dict(ann_file='all.csv', family='f', split=dict(SPLIT))])
    assert find(trained=dict(target='u', fold='7'), dataset=hybrid) is not None
    assert find_leak([], config(), {}, nothing) is None
    assert find_leak([dict(corpora=['f'])], Config(dict()), {}, nothing) is None


def test_leaks_of_trainings_before():
    psi = dict(
        column='fold', corpora=['f', 'g'], lists={}, allow_overlap=False, target='a', fold='1', selection='strict'
    )
    fine_tuned = dict(psi, corpora=['h'])
    past = training_lineage(dict(origin=[psi], protocol=fine_tuned))
    assert past == [psi, fine_tuned]
    assert training_lineage(dict(origin=[psi])) == [psi] and training_lineage(dict(protocol=psi)) == [psi]
    assert training_lineage({}) == []
    assert find_leak([fine_tuned], applied(fold='1'), {}, nothing) is None
    assert 'trained on f without fold 1 of a, and this run tests on fold 1 of t' in find_leak(
        past, applied(fold='1'), {}, nothing
    )


def test_a_run_that_goes_on_cannot_shed_its_overlap():
    record = training_record(applied(fold='1', allow_overlap=True), {})
    check_same_run(record, applied(fold='1', allow_overlap=True).protocol)
    with pytest.raises(ConfigError, match='with allow_overlap True, this one has False'):
        check_same_run(record, applied(fold='1').protocol)


def test_checkpoints_of_earlier_versions_are_judged_by_what_they_say():
    record = training_record(applied(fold='1'), {'all.csv': 'abc'})
    for key in ('column', 'files'):
        del record[key]
    hashes = {'all.csv': 'abc'}
    check_same_run(record, applied(fold='1').protocol)
    assert find_leak([record], applied(fold='1'), hashes, nothing) is None
    assert find_leak([record], applied(fold='1'), {}, lambda: pytest.fail('nothing to compare')) is None
    leak = find_leak([record], applied(fold='2'), hashes, nothing)
    assert 'without fold 1 of t, and this run tests on fold 2 of t' in leak


def test_lists_of_one_folder_are_one_family_as_they_are_to_the_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path('linked').symlink_to('a')

    def corpora_of(**data):
        return training_record(applied(dict(split=dict(SPLIT), **data), fold='1'), {})['corpora']

    (family,) = corpora_of(ann_file='all.csv', data_root='a')
    assert family == str(tmp_path / 'a')
    for name, folder in (('other.csv', 'a'), ('all.csv', 'linked'), ('all.csv', str(tmp_path / 'a'))):
        assert corpora_of(ann_file=name, data_root=folder) == [family]
        options = dict(ann_file=name, data_root=folder, lazy_init=True)
        (ref,) = AVClipDataset(**options)._list.refs([dict(line=1, video='v.mp4')])
        assert ref.family == family
    assert corpora_of(ann_file='all.csv', data_root='b') != [family]
    assert corpora_of(ann_file='all.csv', data_root='a', source='s') == ['s']
    assert corpora_of(ann_file='all.csv', data_root='a', source='s', family='f') == ['f']


def hybrid(**protocol):
    """A post-pre-training config of two lists, one of them of the family of CREMA-D."""
    parts = [
        dict(ann_file='a.csv', family=family, metainfo=dict(classes=CEA_CLASSES), pipeline=['p'])
        for family in ('crema_d', 'dfew')
    ]
    cfg = config(dict(type='ConcatClipDataset', datasets=parts), stage='postpretrain', **protocol)
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = cfg.test_dataloader = None
    return cfg


def test_post_pretraining_leaves_out_what_the_target_is_tested_on():
    cfg = hybrid(target='crema_d4', fold='2')
    apply_protocol(cfg, hold_out_target)
    dataset = cfg.train_dataloader.dataset
    by_source = {part.get('source'): part for part in dataset.datasets}
    assert set(by_source) == {None, 'crema_d4'} and by_source[None].family == 'dfew'
    assert by_source['crema_d4'].split == dict(column='fold', held_out='2', part='train', val_share=0.0)
    (held_out,) = dataset.held_out
    assert held_out.source == 'crema_d4' and (held_out.split.part, held_out.split.held_out) == ('test', '2')
    assert not dataset.get('allow_overlap', False)
    record = training_record(cfg, {})
    assert (record['stage'], record['target'], record['fold']) == ('postpretrain', 'crema_d4', '2')
    assert record['corpora'] == ['crema_d', 'dfew']
    again = copy.deepcopy(cfg)
    apply_protocol(again, hold_out_target)
    assert again.to_dict() == cfg.to_dict()


def test_post_pretraining_without_a_target_is_refused_unless_overlap_is_allowed():
    with pytest.raises(ConfigError, match='--target and --fold'):
        apply_protocol(hybrid(target=None), hold_out_target)
    cfg = hybrid(target=None, allow_overlap=True)
    apply_protocol(cfg, hold_out_target)
    assert len(cfg.train_dataloader.dataset.datasets) == 2 and 'held_out' not in cfg.train_dataloader.dataset
    cfg = hybrid(target='crema_d6', fold='1', allow_overlap=True)
    apply_protocol(cfg, hold_out_target)
    assert cfg.train_dataloader.dataset.allow_overlap is True


def test_post_pretraining_for_a_target_that_is_no_part_of_it_takes_all():
    cfg = hybrid(target='werewolf_xl', fold='3')
    apply_protocol(cfg, hold_out_target)
    assert len(cfg.train_dataloader.dataset.datasets) == 2
    record = training_record(cfg, {})
    assert record['corpora'] == ['crema_d', 'dfew'] and find_leak([record], applied(fold='3'), {}, nothing) is None


def test_post_pretraining_on_lists_of_ones_own():
    cfg = hybrid(target=None, fold='2')
    cfg.train_dataloader.dataset.held_out = [dict(ann_file='mine.csv', split=dict(column='fold'))]
    apply_protocol(cfg, hold_out_target)
    assert cfg.train_dataloader.dataset.held_out[0].split == dict(
        column='fold', held_out='2', part='test', val_share=0.0
    )
