"""Cards, label spaces, folds, and what configs take from them, on small lists with empty files as clips."""

import csv
import json
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavf.engine
import mmavf.evaluation  # noqa: F401  (registers the metrics)
from mmavf.datasets.statistics_file import read_statistics, write_statistics
from mmavf.datasets.targets import (
    CARDS,
    CEA_ALIGNMENT,
    CEA_CLASSES,
    HYBRIDS,
    MER_CLASSES,
    fold_of,
    hold_out_target,
    list_settings,
    seeded_folds,
    target_settings,
    unlabelled_settings,
)
from mmavf.datasets.targets.folds import AVCAFFE_TEST
from mmavf.datasets.targets.page import page
from mmavf.datasets.transforms.log_mel import MelKind
from mmavf.errors import ConfigError, ListError
from mmavf.protocol.protocol import apply_protocol
from mmavf.registry import DATASETS, METRICS
from tests.helpers.models import ROOT

NAMES = [
    *('mafw11', 'mafw43', 'dfew', 'mer_multi', 'mer24', 'iemocap', 'crema_d6', 'crema_d4', 'ravdess', 'msp_improv'),
    *('werewolf_xl', 'avcaffe_arousal', 'avcaffe_valence', 'samm', 'casme2', 'smic', 'casme3', 'mmew'),
    *('ferv39k', 'enterface05'),
]
# the alignment written as numbers of the 13 classes, as it was laid down
INDICES = dict(
    mafw11=dict(zip(CEA_CLASSES[:11], range(11), strict=True)),
    mafw43=dict(zip(CEA_CLASSES[:11], range(11), strict=True)),
    dfew=dict(happy=3, sad=5, neutral=4, angry=0, surprise=6, disgust=1, fear=2),
    mer_multi=dict(neutral=4, angry=0, happy=3, sad=5, worried=12, surprise=6),
    mer24=dict(neutral=4, angry=0, happy=3, sad=5, worried=12, surprise=6),
    iemocap=dict(ang=0, hap=3, neu=4, sad=5),
    crema_d6=dict(ANG=0, DIS=1, FEA=2, HAP=3, NEU=4, SAD=5),
    crema_d4=dict(ANG=0, HAP=3, NEU=4, SAD=5),
    ravdess=dict(neutral=4, calm=11, happy=3, sad=5, angry=0, fearful=2, disgust=1, surprised=6),
    msp_improv=dict(A=0, H=3, N=4, S=5),
)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A working directory whose `data` holds a small list of every target."""
    monkeypatch.chdir(tmp_path)
    init_default_scope('mmavf')
    for card in CARDS.values():
        write_list(card)
    return tmp_path / 'data'


def parts_of(card):
    """Return the values of the column that the small list is split by."""
    if card.folds.column == 'subject':
        return [f'{card.name}_{i}' for i in (1, 2, 3)]
    return ['train', card.folds.only] if card.folds.only else ['1', '2', '3']


def labels_of(card):
    if card.class_file:
        return [*CEA_CLASSES[:11], *(f'compound {i}' for i in range(32))]
    return list(card.classes)


def write_list(card):
    """Write a list with a clip of every class in every part; in a family ids repeat where part and label do."""
    root = Path('data', card.name)
    (root / 'lists').mkdir(parents=True)
    if card.class_file:
        Path(card.class_file).write_text('\n'.join(labels_of(card)))
    rows = []
    for part in parts_of(card):
        for label in labels_of(card) or ['0.5']:
            name = f'{part}_{label}'
            (root / f'{name}.mp4').touch()
            row = dict(video=f'{name}.mp4', id=name, fold=part, group=f'{part}_task')
            row |= dict.fromkeys(card.dims, label) if card.dims else dict(label=label)
            rows.append(row | (dict(subject=part) if card.subjects else {}))
    with open(root / card.list_file, 'w', newline='') as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def load(path, fold=None):
    config = Config.fromfile(str(ROOT / 'configs' / path))
    config.protocol.fold = fold
    return config


def build(dataset):
    """Build a data set, its entries not serialised: that collects garbage first, which is slow."""
    for part in (*dataset.get('datasets', [dataset]), *dataset.get('held_out', ())):
        part['serialize_data'] = False
    return DATASETS.build(dataset)


def clips(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def test_there_is_a_card_for_every_target():
    assert list(CARDS) == NAMES


@pytest.mark.parametrize('card', CARDS.values(), ids=NAMES)
def test_figures_of_a_card_agree(card):
    assert bool(card.dims) == (card.task == 'regression') and bool(card.num_classes) != bool(card.dims)
    assert len(set(card.classes)) == len(card.classes)
    assert card.paper_clips is None or card.clips <= card.paper_clips
    assert not card.class_counts or (sum(card.class_counts), len(card.class_counts)) == (card.clips, card.num_classes)
    if len(card.folds.test_sizes) > 1:
        assert (len(card.folds.test_sizes), sum(card.folds.test_sizes)) == (card.folds.number, card.clips)
    width = len(card.result_metrics)
    assert (card.paper_clips is None) == (card.competitor is None) == (not card.results)
    published = [*card.results.values(), *(other.values for other in card.others)]
    if card.competitor:
        published.append(card.competitor[1])
    assert {len(values) for values in published} <= {width}
    assert all(value is None or 0 < value < 100 for values in published for value in values)
    assert card.key in card.metrics
    assert card.name in (card.composite or (card.name,))


def test_figures_of_different_cards_agree():
    composite = [CARDS[name] for name in CARDS['samm'].composite]
    assert sum(card.clips for card in composite) == 442
    assert sum(card.folds.number for card in composite) == 68
    assert CARDS['mer24'].clips == 3373 + 411 + 412 + 834
    assert CARDS['mer_multi'].clips == 3373 + 411
    assert CARDS['mafw11'].paper_clips - CARDS['mafw11'].clips == 16
    # published gains over HTNet and over HiCMAE, as the paper's text gives them
    assert CARDS['casme3'].results['l'][0] - CARDS['casme3'].competitor[1][0] == pytest.approx(10.21)
    gains = [
        ours - theirs for ours, theirs in zip(CARDS['werewolf_xl'].results['any'], (33.74, 69.23, 40.66), strict=True)
    ]
    assert max(gains) == pytest.approx(11.69)
    assert CARDS['avcaffe_arousal'].results['h'][0] - 43.18 == pytest.approx(4.07)
    assert CARDS['avcaffe_valence'].results['h'][0] - 44.20 == pytest.approx(5.46)


def test_the_two_sets_outside_the_paper():
    assert CARDS['ferv39k'].clips == 31088 + 7847 and CARDS['ferv39k'].classes == CARDS['dfew'].classes
    folds = [fold_of('enterface05', subject) for subject in range(1, 45)]
    assert [folds.count(fold) for fold in '12345'] == [10, 9, 9, 9, 7] and folds == sorted(folds)


def test_results_of_others_are_on_the_page():
    text = page()
    for card in CARDS.values():
        section = text.split(f'\n## {card.title}\n')[1].split('\n## ')[0]
        for other in card.others:
            (row,) = (
                cells
                for cells in ([cell.strip() for cell in line.split('|')[1:-1]] for line in section.splitlines())
                if cells and cells[0] == other.method and cells[-2:] == [other.kind, other.protocol]
            )
            assert row[1] == str(other.year or '')
            assert [float(cell) if cell else None for cell in row[2:-2]] == list(other.values)
    assert CARDS['dfew'].others[1][:2] == ('MiRA ViT-H', (68.25, 78.24))
    assert CARDS['mafw11'].others[0][:2] == ('MiRA ViT-H', (48.22, 61.45))


def test_alignment_maps_every_class_and_reaches_every_class():
    assert len(CEA_CLASSES) == 13
    assert {name: {own: CEA_CLASSES.index(to) for own, to in m.items()} for name, m in CEA_ALIGNMENT.items()} == INDICES
    for name, mapping in CEA_ALIGNMENT.items():
        assert set(mapping) == set(CARDS[name].classes or CEA_CLASSES[:11])
    members = HYBRIDS['cea'].members
    assert {to for name in members for to in CEA_ALIGNMENT[name].values()} == set(CEA_CLASSES)
    for hybrid in HYBRIDS.values():
        families = [CARDS[name].family for name in hybrid.members]
        assert len(set(families)) == len(families)


def test_label_maps_of_lists_lead_to_classes():
    for card in CARDS.values():
        assert set(card.label_map.values()) - {None} <= set(card.classes)
        assert set(card.classes) <= set(card.label_map) or not card.label_map


def test_blocks_of_actors_groups_and_sessions():
    folds = [fold_of('crema_d6', actor) for actor in range(1001, 1092)]
    assert [folds.count(fold) for fold in '12345'] == [18, 18, 18, 18, 19] and folds == sorted(folds)
    assert folds == [fold_of('crema_d4', actor) for actor in range(1001, 1092)]
    assert [fold_of('ravdess', actor) for actor in (1, 4, 5, 20, 21, 24)] == ['1', '1', '2', '5', '6', '6']
    assert [fold_of('werewolf_xl', group) for group in (1, 6, 7, 24, 25, 30)] == ['1', '1', '2', '4', '5', '5']
    assert fold_of('msp_improv', 6) == '6' and fold_of('iemocap', 1) == '1'
    for name, number in (('crema_d6', 1092), ('ravdess', 0), ('iemocap', 6), ('dfew', 1)):
        with pytest.raises(ConfigError, match=f'{name}: no fold holds {number}'):
            fold_of(name, number)
    assert len(set(AVCAFFE_TEST)) == 20


def test_seeded_folds_keep_classes_together_and_depend_on_the_clips_alone():
    ids = [f'sample_{i:04d}' for i in range(100)]
    labels = ['happy' if i % 4 else 'sad' for i in range(100)]
    folds = seeded_folds(ids, labels)
    for fold in '12345':
        held_out = [label for label, own in zip(labels, folds, strict=True) if own == fold]
        assert (held_out.count('happy'), held_out.count('sad')) == (15, 5)
    backwards = seeded_folds(ids[::-1], labels[::-1])
    assert backwards == folds[::-1]
    assert seeded_folds(ids, labels, seed=1) != folds
    # published as a rule: no clip may ever move
    assert ''.join(folds[:20]) == '33544552135522421133'


@pytest.mark.parametrize('name', NAMES)
def test_data_sets_of_a_target_are_split_as_its_card_says(data, name):
    card = CARDS[name]
    held_out = card.folds.only or parts_of(card)[1]
    config = load(f'finetune/{name}/avfmae_b_{name}.py', fold=None if card.folds.only else held_out)
    config.protocol.selection = 'paper'
    apply_protocol(config, hold_out_target)
    assert config.protocol.fold == held_out
    sets = {part: build(config[f'{part}_dataloader'].dataset) for part in ('train', 'val', 'test')}
    seen = {part: {(clip['source'], clip['sample_id']) for clip in clips(dataset)} for part, dataset in sets.items()}
    expected = {
        (own, f'{part}_{label}')
        for own in card.composite or (name,)
        for part in parts_of(CARDS[own])
        for label in labels_of(card) or ['0.5']
    }
    tested = {(own, id_) for own, id_ in expected if id_.startswith(f'{held_out}_')}
    assert seen['test'] == seen['val'] == tested
    assert seen['train'] == expected - tested
    column = card.folds.column
    assert {clip[column] for clip in clips(sets['test'])} == {held_out}
    if card.dims:
        assert clips(sets['test'])[0]['gt_label'] == [0.5] * 3
    else:
        assert [clip['gt_label'] for clip in clips(sets['test'])] == list(range(card.num_classes))
        assert len(sets['train'].metainfo['classes']) == card.num_classes == config.model.head.num_classes
    metric = METRICS.build(config.test_evaluator)
    assert (metric.key, metric.metrics) == (card.key, card.metrics)
    assert list(metric.names) == (labels_of(card) or list(card.dims))
    assert metric.group_by == (card.group_by or None) and metric.part_by == ('source' if card.composite else None)


def test_without_a_fold_the_error_names_the_folds(data):
    config = load('finetune/ravdess/avfmae_b_ravdess.py')
    apply_protocol(config, hold_out_target)
    with pytest.raises(ListError, match=r'--fold: 1, 2, 3'):
        build(config.train_dataloader.dataset)


def test_a_micro_expression_set_alone_and_another_list(data):
    base = Config.fromfile(str(ROOT / 'configs/_base_/datasets/finetune_micro.py'))
    alone = target_settings('samm', 'b', base, composite=False)
    assert alone['test_dataloader']['dataset']['data_root'] == 'data/samm'
    assert 'part_by' not in alone['test_evaluator']
    other = target_settings('casme3', 'b', list_file='lists/v1.csv')
    assert {other[f'{part}_dataloader']['dataset']['ann_file'] for part in ('train', 'val', 'test')} == {'lists/v1.csv'}
    other = target_settings('smic', 'b', base, list_file='x.csv')['train_dataloader']['dataset']['datasets']
    assert [part['ann_file'] for part in other] == ['lists/all.csv', 'lists/all.csv', 'x.csv']


def test_micro_expression_lists_may_name_emotions(data):
    Path('data/mmew/a.mp4').touch()
    rows = ['happiness,S1', 'others,S1', 'disgust,S1', 'surprise,S2', 'positive,S3', 'fear,S3']
    lines = [f'{i}.mp4,{row}' for i, row in enumerate(rows)]
    for i in range(len(rows)):
        Path(f'data/mmew/{i}.mp4').touch()
    Path('data/mmew/lists/all.csv').write_text('video,label,subject\n' + '\n'.join(lines))
    config = load('finetune/mmew/avfmae_b_mmew.py', fold='S1')
    apply_protocol(config, hold_out_target)
    dataset = build(config.test_dataloader.dataset)
    assert [MER_CLASSES[clip['gt_label']] for clip in clips(dataset)] == ['positive', 'negative']


@pytest.mark.parametrize('target', ['mafw11', 'mafw43', 'mer24', 'mer_multi', 'crema_d4', 'iemocap', 'casme3'])
def test_hybrids_leave_out_what_a_target_is_tested_on(data, target):
    card = CARDS[target]
    kind = 'mer' if card.task == 'micro-expression' else 'cea'
    held_out = card.folds.only or parts_of(card)[0]
    config = load(f'avfmae_b_postpretrain_{kind}.py', fold=None if card.folds.only else held_out)
    whole = build(config.train_dataloader.dataset)
    config.protocol.target = target
    apply_protocol(config, hold_out_target)
    assert config.protocol.fold == held_out
    dataset = build(config.train_dataloader.dataset)
    family = [name for name in HYBRIDS[kind].members if CARDS[name].family == card.family]
    others = {(clip['source'], clip['sample_id']) for clip in clips(whole) if clip['source'] not in family}
    own = {
        (target, f'{part}_{label}')
        for part in parts_of(card)
        for label in labels_of(card)
        if part != held_out and not label.startswith('compound')
    }
    assert {(clip['source'], clip['sample_id']) for clip in clips(dataset)} == others | own
    classes = HYBRIDS[kind].classes
    for clip in clips(dataset):
        label = clip['sample_id'].split('_')[-1]
        expected = label if kind == 'mer' else CEA_ALIGNMENT[clip['source']][label]
        assert classes[clip['gt_label']] == expected


def test_a_hybrid_refuses_lists_that_share_clips_with_the_test_part(data):
    config = load('avfmae_b_postpretrain_cea.py', fold='1')
    parts = config.train_dataloader.dataset.datasets
    crema = next(part for part in parts if part.source == 'crema_d6')
    dataset = hold_out_target(config.train_dataloader.dataset, 'crema_d4')
    dataset['datasets'].append(dict(crema, source='mine', family=''))
    dataset['datasets'][-2]['split']['held_out'] = dataset['held_out'][0]['split']['held_out'] = '1'
    build(dataset)  # the same clips as other files: nothing tells
    dataset['datasets'][-1]['family'] = 'crema_d'
    with pytest.raises(ListError, match='1_ANG.mp4 has the id 1_ANG'):
        build(dataset)


def test_a_hybrid_without_the_targets_family_stays_whole(data):
    whole = load('avfmae_b_postpretrain_cea.py').train_dataloader.dataset
    assert hold_out_target(whole, 'msp_improv') == whole


def test_a_hybrid_of_the_43_classes_needs_their_names(data):
    Path(CARDS['mafw43'].class_file).unlink()
    config = load('avfmae_b_postpretrain_cea.py')
    with pytest.raises(ListError, match=r'data/mafw43/classes.txt does not exist: create it with the class names'):
        hold_out_target(config.train_dataloader.dataset, 'mafw43')


def test_the_43_classes_without_their_names_are_no_letters_of_a_path(data):
    Path(CARDS['mafw43'].class_file).unlink()
    config = load('finetune/mafw43/avfmae_b_mafw43.py', fold='1')
    for registry, part in ((DATASETS, config.train_dataloader.dataset), (METRICS, config.test_evaluator)):
        with pytest.raises(ListError, match=r'data/mafw43/classes.txt does not exist: .*, one per line'):
            registry.build(part)


def test_a_target_in_a_hybrid_has_one_label_a_clip_whatever_the_others_have(data):
    dataset = load('avfmae_b_postpretrain_cea.py').train_dataloader.dataset
    dataset['datasets'][0]['multi_label'] = True
    own = hold_out_target(dataset, 'crema_d4')['datasets'][-1]
    assert own['source'] == 'crema_d4' and 'multi_label' not in own


def test_settings_of_a_list_of_your_own():
    settings = list_settings('clips', classes=['calm', 'angry'], split_column='fold')
    assert settings['model']['head']['num_classes'] == 2
    assert settings['model']['data_preprocessor']['batch_augment']['num_classes'] == 2
    assert settings['test_dataloader']['dataset']['metainfo'] == dict(classes=['calm', 'angry'])
    assert settings['val_dataloader']['dataset']['split'] == dict(column='fold')
    settings = list_settings('clips', label_columns=['valence'], modalities=['audio'])
    assert settings['model']['head']['num_outputs'] == 1
    assert {key for key, value in settings['model'].items() if value is None} == {'video_encoder', 'correlation'}
    assert settings['test_evaluator'] == dict(type='RegressionMetric', dims=['valence'])
    for arguments in ({}, dict(classes=['a', 'b'], label_columns=['valence'])):
        with pytest.raises(ConfigError, match='either classes or label_columns'):
            list_settings('clips', **arguments)


def test_statistics_of_a_list_need_the_base_and_their_file(tmp_path):
    options = dict(classes=['calm', 'angry'], statistics=True)
    with pytest.raises(ConfigError, match='statistics=True needs base=_base_'):
        list_settings(str(tmp_path), **options)
    with pytest.raises(ConfigError, match=r'all\.stats\.json: .*mmavf data-stats lists/all\.csv --data-root'):
        list_settings(str(tmp_path), **options, base={})
    (tmp_path / 'lists').mkdir()
    for text in ('', '{"log_mel": {"mean": 1}}', '[]', '{"log_mel": 3}'):
        (tmp_path / 'lists/all.stats.json').write_text(text)
        with pytest.raises(ConfigError, match='is not what mmavf data-stats writes'):
            list_settings(str(tmp_path), **options, base={})


@pytest.mark.parametrize(
    ('measured', 'used'),
    [
        (dict(bins=128), dict(num_bins=64)),
        ({}, dict(num_bins=64)),
        (dict(bins=64), {}),
        (dict(bins=64), dict(num_bins=64, frame_ms=50)),
        (dict(bins=64, frame_ms=50.0), dict(num_bins=64)),
    ],
)
def test_statistics_of_another_kind_of_log_mel_are_refused(measured, used, tmp_path):
    (tmp_path / 'lists').mkdir()
    (tmp_path / 'lists/all.stats.json').write_text(json.dumps(dict(log_mel=dict(mean=-4.0, std=4.0, **measured))))
    found, wanted = (kind.get(key, 128) for kind, key in ((measured, 'bins'), (used, 'num_bins')))
    found_ms, wanted_ms = (kind.get('frame_ms', 25.0) for kind in (measured, used))

    def settings_of(**options):
        loader = dict(dataset=dict(pipeline=[dict(type='LogMel', **options)]))
        base = {f'{part}_dataloader': loader for part in ('train', 'val', 'test')}
        return list_settings(str(tmp_path), classes=['calm', 'angry'], base=base, statistics=True)

    message = f'of {found} mel bins, frames of {found_ms:g} ms, .*make {wanted} mel bins, .* {wanted_ms:g} ms: .*'
    with pytest.raises(ConfigError, match=f'{message}--mel-bins {wanted} --mel-frame-ms {wanted_ms:g}'):
        settings_of(**used)
    assert settings_of(num_bins=found, frame_ms=found_ms)['test_dataloader']['dataset']['pipeline'][0]['mean'] == -4.0


def test_statistics_of_another_channel_are_refused(tmp_path):
    (tmp_path / 'lists').mkdir()

    def settings_of(measured, *used):
        log_mel = dict(mean=-4.0, std=4.0, bins=128, frame_ms=25.0, **measured)
        (tmp_path / 'lists/all.stats.json').write_text(json.dumps(dict(log_mel=log_mel)))
        steps = [[dict(type='OpenClip', audio_channel=channel), dict(type='LogMel')] for channel in used]
        loaders = zip(('train', 'val', 'test'), steps, strict=True)
        base = {f'{part}_dataloader': dict(dataset=dict(pipeline=pipeline)) for part, pipeline in loaders}
        return list_settings(str(tmp_path), classes=['calm', 'angry'], base=base, statistics=True)

    for measured, channel, wanted in (
        ({}, 2, r', channel 2: .*--audio-channel 2'),  # as written before it was noted: the usual mix
        (dict(audio_channel=1), 'mean', ', channel mean: .*--audio-channel mean'),
        (dict(audio_channel=1), None, r'frames of 25 ms: .*--mel-frame-ms 25$'),
    ):
        with pytest.raises(ConfigError, match=wanted):
            settings_of(measured, channel, channel, channel)
    with pytest.raises(ConfigError, match='ms and 128 mel bins, frames of 25 ms, channel 2: statistics=True needs one'):
        settings_of({}, None, 2, 2)
    for measured, channel in (({}, None), (dict(audio_channel=None), None), (dict(audio_channel=2), 2)):
        settings = settings_of(measured, *[channel] * 3)
        assert settings['test_dataloader']['dataset']['pipeline'][1]['mean'] == -4.0


def test_statistics_without_sound_are_refused_where_log_mel_is_made(tmp_path):
    (tmp_path / 'lists').mkdir()
    (tmp_path / 'lists/all.stats.json').write_text(json.dumps(dict(frames=dict(mean=[0.5] * 3, std=[0.2] * 3))))
    base = Config.fromfile(str(ROOT / 'configs/small/audio.py'))
    with pytest.raises(ConfigError, match='statistics of the list have none: .*--mel-bins 64 --mel-frame-ms 50'):
        list_settings(str(tmp_path), classes=['calm', 'angry'], base=base, statistics=True, modalities=['audio'])


def test_statistics_without_frames_are_refused_where_frames_are_read(tmp_path):
    (tmp_path / 'lists').mkdir()
    measured = dict(mean=-4.0, std=4.0, bins=128, frame_ms=25.0)
    (tmp_path / 'lists/all.stats.json').write_text(json.dumps(dict(log_mel=measured)))
    base = Config.fromfile(str(ROOT / 'configs/small/av.py'))
    with pytest.raises(ConfigError, match='read frames, and the statistics of the list have none: .* mmavf data-stats'):
        list_settings(str(tmp_path), classes=['calm', 'angry'], base=base, statistics=True)


def test_statistics_of_another_list_are_refused(tmp_path):
    (tmp_path / 'all.csv').write_text('video,label\na.mp4,calm\n')
    write_statistics({}, 'all.csv', str(tmp_path))
    assert read_statistics('all.csv', str(tmp_path), MelKind())['list'] == 'all.csv'
    with pytest.raises(ConfigError, match=r'has the statistics of all\.csv, not of all\.txt'):
        read_statistics('all.txt', str(tmp_path), MelKind())


def test_statistics_of_a_list_that_was_changed_since_are_refused(tmp_path):
    (tmp_path / 'all.csv').write_text('video,label\na.mp4,calm\n')
    path = write_statistics({}, 'all.csv', str(tmp_path))
    (tmp_path / 'all.csv').write_text('video,label\na.mp4,calm\nb.mp4,calm\n')
    with pytest.raises(ConfigError, match=r'all\.csv has been changed since .*: measure them again, .*--mel-bins 64'):
        read_statistics('all.csv', str(tmp_path), MelKind(64))
    (tmp_path / 'all.csv').unlink()
    assert read_statistics('all.csv', str(tmp_path), MelKind())['list'] == 'all.csv'
    (tmp_path / 'all.csv').write_text('another')
    path.write_text(json.dumps(dict(list='all.csv')))  # as written before hashes were
    assert read_statistics('all.csv', str(tmp_path), MelKind()) == dict(list='all.csv')


def test_statistics_of_pipelines_with_different_log_mel_are_refused(tmp_path):
    base = {
        f'{part}_dataloader': dict(dataset=dict(pipeline=[dict(type='LogMel', num_bins=bins)]))
        for part, bins in (('train', 64), ('val', 64), ('test', 128))
    }
    with pytest.raises(
        ConfigError, match=r'log-mel of 64 mel bins, .* and 128 mel bins, .*: statistics=True needs one kind'
    ):
        list_settings(str(tmp_path), classes=['calm', 'angry'], base=base, statistics=True)


def test_a_base_of_several_lists_is_not_for_one_list_of_your_own():
    base = Config.fromfile(str(ROOT / 'configs/avfmae_b_pretrain.py'))
    with pytest.raises(ConfigError, match='needs a base that reads a single list'):
        unlabelled_settings('clips', base=base)


def test_what_is_missing_is_named():
    with pytest.raises(ConfigError, match=r"no target data set 'mafw'; choose from mafw11, mafw43"):
        target_settings('mafw', 'b')
    for name in ('samm', 'werewolf_xl'):
        with pytest.raises(ConfigError, match='base=_base_'):
            target_settings(name, 'b')


def test_a_card_says_how_its_folds_are_reported():
    assert {name for name, card in CARDS.items() if card.result == 'pooled'} == {
        name for name, card in CARDS.items() if 'uf1' in card.metrics
    }
    assert all(card.result == 'pooled' for card in CARDS.values() if card.folds.column == 'subject')
    for name, stage in (('mafw11', 'av'), ('samm', 'micro')):
        base = Config.fromfile(str(ROOT / f'configs/_base_/datasets/finetune_{stage}.py'))
        assert target_settings(name, 'b', base)['protocol'] == dict(target=name, result=CARDS[name].result)
