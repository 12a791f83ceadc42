"""Predictions: their files, groups and pools."""

import csv
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from mmavf.errors import CheckpointError, ConfigError, ListError
from mmavf.evaluation import ClassificationMetric, Predictions, evaluate, pool
from mmavf.evaluation.records import from_records, gather_records, to_record
from tests.helpers.damage import flip

CLASSES = ('anger', 'label', 'a, "b"')  # names that a careless reader trips over


def classified(count=7, seed=0, **changes):
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(3), size=count)
    origin = dict(fold=('1',) * count, source=('corpus',) * count, group=('',) * count)
    predictions = Predictions(
        ids=tuple(f'clip, {i}' for i in range(count)),
        labels=rng.integers(0, 3, count),
        scores=scores,
        names=CLASSES,
        subject=tuple(f's{i % 2}' for i in range(count)),
        **origin,
    )
    return replace(predictions, **changes)


def regressed(count=5):
    rng = np.random.default_rng(0)
    labels, scores = rng.normal(size=(2, count, 2))
    return replace(classified(count), labels=labels, scores=scores, names=('arousal', 'valence'))


def assert_equal(one, other, keys=None):
    for key in keys or [field.name for field in fields(Predictions)]:
        np.testing.assert_array_equal(getattr(one, key), getattr(other, key), err_msg=key)
        assert type(getattr(one, key)) is type(getattr(other, key))


UNLABELLED = [replace(classified(), labels=None), replace(regressed(), labels=None)]


@pytest.mark.parametrize('predictions', [classified(), regressed(), *UNLABELLED])
def test_files_give_back_what_was_written(predictions, tmp_path):
    predictions.save(tmp_path / 'p.pkl')
    assert_equal(Predictions.load(tmp_path / 'p.pkl'), predictions)
    predictions.to_csv(tmp_path / 'p.csv')
    assert_equal(Predictions.from_csv(tmp_path / 'p.csv'), predictions, ('ids', 'labels', 'scores', 'names'))


def test_clips_without_labels_are_predicted_but_not_scored(tmp_path):
    unlabelled = replace(classified(4, group=('g', 'g', 'h', 'h')), labels=None)
    assert unlabelled.is_classification and not UNLABELLED[1].is_classification
    assert unlabelled.merged().ids == ('g', 'h') and unlabelled.select([2]).labels is None
    assert pool([unlabelled, replace(unlabelled, source=('other',) * 4)]).labels is None
    unlabelled.to_csv(tmp_path / 'p.csv')
    UNLABELLED[1].to_csv(tmp_path / 'q.csv')
    with open(tmp_path / 'p.csv', newline='') as file:
        assert next(csv.reader(file)) == ['id', 'prediction', *CLASSES]
    assert (tmp_path / 'q.csv').read_text().splitlines()[0] == 'id,prediction_arousal,prediction_valence'
    with pytest.raises(ConfigError, match='have no labels, so they cannot be scored'):
        evaluate(unlabelled, dict(type='ClassificationMetric'))
    with pytest.raises(ConfigError, match='cannot be scored'):
        ClassificationMetric(CLASSES).score_all(unlabelled)
    with pytest.raises(ListError, match='with and without labels'):
        pool([unlabelled, classified(source=('other',) * 7)])
    with pytest.raises(ConfigError, match='need a task'):
        replace(unlabelled, task='')


def test_records_without_labels():
    sample = dict(sample_id='a', index=0, pred_value=torch.tensor([0.5, 1.0]))
    records = gather_records([to_record(sample)])
    found = from_records(records, ('arousal', 'valence'))
    assert found.labels is None and found.task == 'regression' and found.scores.tolist() == [[0.5, 1.0]]
    labelled = to_record(dict(sample, sample_id='b', index=1, gt_label=torch.tensor([0.0, 1.0])))
    with pytest.raises(ConfigError, match='1 of 2 clips have no label, among them a'):
        from_records(gather_records([to_record(sample), labelled]), ('arousal', 'valence'))


def test_a_file_that_is_damaged_or_of_another_kind_is_said(tmp_path):
    path = tmp_path / 'p.pkl'
    classified(200).save(path)
    flip(path, 8 * path.stat().st_size // 2)
    with pytest.raises(CheckpointError, match='p.pkl is damaged'):
        Predictions.load(path)
    classified().to_csv(tmp_path / 'predictions.csv')
    with pytest.raises(CheckpointError, match=r'predictions\.csv is a table.*predictions\.pkl'):
        Predictions.load(tmp_path / 'predictions.csv')
    good = {field.name: getattr(classified(), field.name) for field in fields(Predictions) if field.name != 'task'}
    tensors = {key: torch.from_numpy(good[key]) for key in ('labels', 'scores')}
    good = {key: list(value) for key, value in good.items()} | tensors
    for values in ([1], {}, {**good, 'more': 1}, {**good, 'labels': 3}, {**good, 'ids': 5}, {**good, 'ids': ['a']}):
        torch.save(dict(predictions=values), path)
        with pytest.raises(CheckpointError, match=r'p\.pkl holds'):
            Predictions.load(path)
    torch.save(dict(predictions={**good, 'scores': tensors['scores'] * float('nan')}), path)
    with pytest.raises(CheckpointError, match='NaN or infinity: predictions.scores'):
        Predictions.load(path)


def test_the_table_of_a_classifier(tmp_path):
    predictions = classified(2, labels=np.array([2, 0]), scores=np.array([[0.25, 0.5, 0.25], [0.75, 0.25, 0]]))
    predictions.to_csv(tmp_path / 'p.csv')
    with open(tmp_path / 'p.csv', newline='') as file:
        assert list(csv.reader(file)) == [
            ['id', 'label', 'prediction', *CLASSES],
            ['clip, 0', 'a, "b"', 'label', '0.25', '0.5', '0.25'],
            ['clip, 1', 'anger', 'anger', '0.75', '0.25', '0.0'],
        ]


def test_the_table_of_a_regressor(tmp_path):
    predictions = replace(regressed(1), labels=np.array([[0.5, -1.0]]), scores=np.array([[0.25, 2.0]]))
    predictions.to_csv(tmp_path / 'p.csv')
    head, row = (tmp_path / 'p.csv').read_text().splitlines()
    assert head == 'id,label_arousal,prediction_arousal,label_valence,prediction_valence'
    assert row == '"clip, 0",0.5,0.25,-1.0,2.0'
    values = dict(labels=np.float32([[0.3, 1e-7]]).astype(float), scores=np.array([[0.1, 1 / 3]]))
    replace(regressed(1), **values).to_csv(tmp_path / 'p.csv')  # labels are float32, these scores are not
    assert (tmp_path / 'p.csv').read_text().splitlines()[1] == f'"clip, 0",0.3,0.1,1e-07,{1 / 3}'


def test_files_of_others_are_refused(tmp_path):
    torch.save(dict(state_dict={}), tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match='no predictions'):
        Predictions.load(tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match='does not exist'):
        Predictions.load(tmp_path / 'none.pkl')
    torch.save(dict(predictions=print), tmp_path / 'code.pkl')
    with pytest.raises(CheckpointError, match='executed'):
        Predictions.load(tmp_path / 'code.pkl')
    for text in (
        '',
        'id,label\nx,1\n',
        'video,audio,label\na,b,c\n',
        'id,label,prediction,a\nx,b,a,1\n',
        'id,a,prediction\n',
    ):
        (tmp_path / 'p.csv').write_text(text)
        with pytest.raises(ListError, match=r'predictions\.csv'):
            Predictions.from_csv(tmp_path / 'p.csv')


def test_groups_are_judged_by_the_mean_of_their_scores():
    scores = np.array([[0.9, 0.1, 0], [0.2, 0.3, 0.5], [0.4, 0.6, 0], [0.2, 0.2, 0.6], [0, 1, 0], [0, 0, 1.0]])
    predictions = classified(
        6,
        scores=scores,
        labels=np.array([0, 1, 0, 1, 1, 1]),
        group=('p1_t1', 'p1_t2', 'p1_t1', 'p1_t2', 'p1_t2', 'p1_t1'),
        source=('a', 'a', 'a', 'a', 'a', 'b'),  # the last is of another corpus
    )
    merged = predictions.merged()
    assert merged.ids == ('p1_t1', 'p1_t2', 'p1_t1') and merged.source == ('a', 'a', 'b')
    np.testing.assert_allclose(merged.scores, [[0.65, 0.35, 0], [0.4 / 3, 0.5, 1.1 / 3], [0, 0, 1]], atol=1e-15)
    assert merged.decisions.tolist() == [0, 1, 2]
    result = evaluate(predictions, dict(type='ClassificationMetric', metrics=('war',), key='war', group_by='group'))
    assert result['metrics']['war'] == pytest.approx(2 / 3)  # of the clips, 3 of 6 are right
    assert np.sum(result['confusion_matrix']) == 3 and result['num_clips'] == 6


def test_groups_that_cannot_be_merged():
    with pytest.raises(ListError, match='column group'):
        classified().merged()
    with pytest.raises(ListError, match='share their label; those of g '):
        classified(2, labels=np.array([0, 1]), group=('g', 'g')).merged()


def test_a_pool_holds_every_clip_of_all_folds_once():
    parts = [classified(4, seed, fold=(str(seed),) * 4, ids=tuple(f'{seed}{i}' for i in range(4))) for seed in (1, 2)]
    pooled = pool(parts)
    assert pooled.ids == ('10', '11', '12', '13', '20', '21', '22', '23') and pooled.fold == ('1',) * 4 + ('2',) * 4
    np.testing.assert_array_equal(pooled.scores[4:], parts[1].scores)
    with pytest.raises(ListError, match='4 clips are in two'):
        pool([parts[0], parts[0]])
    with pytest.raises(ListError, match='different classes'):
        pool([parts[0], replace(parts[1], names=('x', 'y', 'z'))])


def sample(index, source='a', **others):
    return dict(sample_id=f'{source}{index}', index=index, source=source, gt_label=torch.tensor(0), **others)


def test_of_tied_classes_the_first_is_predicted_for_all_scores():
    labels = np.array([0] * 6 + [1] * 3 + [2])
    tied = classified(10, labels=labels, scores=np.full((10, 3), 1 / 3))
    metrics = evaluate(tied, dict(type='ClassificationMetric', metrics=['war', 'uar'], resamples=0))['metrics']
    assert metrics == dict(war=pytest.approx(0.6), uar=pytest.approx(1 / 3))


def test_records_come_once_and_in_the_order_of_the_lists():
    samples = [sample(2), sample(0), sample(1, 'b'), sample(0, 'b'), sample(2), sample(10)]
    for item in samples:
        item['pred_score'] = torch.tensor([item['index'], 1, 0]).bfloat16()
    predictions = from_records(gather_records([to_record(item) for item in samples]), CLASSES)
    assert predictions.ids == ('a0', 'a2', 'a10', 'b0', 'b1')
    assert predictions.scores[:, 0].tolist() == [0, 2, 10, 0, 1] and predictions.scores.dtype == np.float64
    assert predictions.labels.dtype == np.int64


def test_what_does_not_fit_is_said():
    with pytest.raises(ConfigError, match=r'a0 has no label'):
        ClassificationMetric(CLASSES).process(None, [dict(sample_id='a0', index=0, pred_score=torch.ones(3))])
    several = dict(sample_id='a0', index=0, pred_score=torch.ones(3), gt_score=torch.tensor([0.5, 0.5, 0]))
    with pytest.raises(ConfigError, match=r'a0 has several classes \(multi_label=True\)'):
        ClassificationMetric(CLASSES).process(None, [several])
    record = to_record(sample(0, pred_score=torch.ones(5)))
    with pytest.raises(ConfigError, match='5 numbers per clip, the data set has 3'):
        from_records(gather_records([record]), CLASSES)
    with pytest.raises(ConfigError, match='No clip'):
        from_records([], CLASSES)
