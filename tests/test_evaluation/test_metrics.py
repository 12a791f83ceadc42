"""The metrics that configurations name."""

import json

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from mmavf.errors import ConfigError, ListError
from mmavf.evaluation import ClassificationMetric, RegressionMetric, evaluate
from mmavf.registry import METRICS
from tests.test_evaluation.test_predictions import CLASSES, classified, regressed


def process(metric, predictions, batch=3):
    """Give a metric the predictions as a loop does, in batches of data samples."""
    key = 'pred_score' if predictions.is_classification else 'pred_value'
    for start in range(0, len(predictions), batch):
        samples = []
        for row in range(start, min(start + batch, len(predictions))):
            origin = dict(source=predictions.source[row], subject=predictions.subject[row])
            label, score = torch.tensor(predictions.labels[row]), torch.tensor(predictions.scores[row])
            samples.append(dict(sample_id=predictions.ids[row], index=row, gt_label=label, **{key: score}, **origin))
        metric.process(None, samples)


def test_a_loop_and_a_file_give_the_same_scores():
    predictions = classified(50)
    config = dict(type='ClassificationMetric', metrics=('war', 'uar', 'wa_f1', 'macro_f1', 'uf1'))
    metric = METRICS.build(config)
    metric.dataset_meta = dict(classes=CLASSES)
    process(metric, predictions)
    scores = metric.evaluate(50)
    assert scores == evaluate(predictions, config)['metrics']
    best = predictions.scores.argmax(axis=1)
    assert scores['war'] == sklearn_metrics.accuracy_score(predictions.labels, best)
    assert scores['uf1'] == scores['macro_f1'] == sklearn_metrics.f1_score(predictions.labels, best, average='macro')
    assert not metric.results


def test_duplicates_are_counted_once():
    predictions = classified(5)
    metric = ClassificationMetric(CLASSES)
    process(metric, predictions)
    process(metric, predictions.select([0, 1]))  # a sampler that fills up starts over
    assert metric.evaluate(5)['war'] == np.mean(predictions.labels == predictions.decisions)


def test_parts_are_scored_beside_the_whole():
    source = ('samm',) * 10 + ('casme2',) * 20
    predictions = classified(30, source=source)
    result = evaluate(predictions, dict(type='ClassificationMetric', metrics=['uf1'], key='uf1', part_by='source'))
    assert list(result['metrics']) == ['uf1', 'casme2_uf1', 'samm_uf1'] == list(result['intervals'])
    for name, rows in (('samm_uf1', slice(0, 10)), ('casme2_uf1', slice(10, 30)), ('uf1', slice(0, 30))):
        labels, best = predictions.labels[rows], predictions.decisions[rows]
        assert result['metrics'][name] == sklearn_metrics.f1_score(labels, best, average='macro')
        low, high = result['intervals'][name]
        assert low < result['metrics'][name] < high


def test_regression_gives_each_dimension_and_the_mean():
    result = evaluate(regressed(20), dict(type='RegressionMetric', dims=['arousal', 'valence']))
    scores = result['metrics']
    assert list(scores) == [f'{name}{dim}' for name in ('pcc', 'ccc', 'rmse') for dim in ('', '_arousal', '_valence')]
    for name in ('pcc', 'ccc', 'rmse'):
        assert scores[name] == pytest.approx((scores[f'{name}_arousal'] + scores[f'{name}_valence']) / 2, abs=1e-15)
    assert list(result['intervals']) == ['ccc', 'ccc_arousal', 'ccc_valence']
    for name, (low, high) in result['intervals'].items():
        assert low < scores[name] < high
    json.dumps(result)  # plain values


def test_subjects_are_drawn_whole_where_asked():
    # Within a subject all clips are right or all are wrong: 8 subjects are worth 8 clips, not 400.
    subject = tuple(f's{i % 8}' for i in range(400))
    right = np.arange(400) % 8 < 4
    predictions = classified(400, labels=np.where(right, 0, 1), scores=np.eye(3)[np.zeros(400, int)], subject=subject)
    widths = []
    for unit in ('clip', 'subject'):
        config = dict(type='ClassificationMetric', metrics=['war'], key='war', resample_by=unit)
        low, high = evaluate(predictions, config)['intervals']['war']
        widths.append(high - low)
    assert widths[0] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 400), rel=0.1)
    assert widths[1] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 8), rel=0.2)
    with pytest.raises(ConfigError, match='column subject'):
        evaluate(classified(subject=('',) * 7), dict(type='ClassificationMetric', resample_by='subject'))


def test_one_name_in_two_data_sets_is_two_people():
    rng = np.random.default_rng(0)
    source = ('one',) * 200 + ('other',) * 200
    names = tuple(f's{i % 20}' for i in range(400))
    whole = tuple(f'{part} {name}' for part, name in zip(source, names, strict=True))
    chance = rng.random(40)[[hash_of % 20 + 20 * (hash_of >= 200) for hash_of in range(400)]]
    scores = np.eye(3)[np.where(rng.random(400) < chance, 0, 1)]
    config = dict(type='ClassificationMetric', metrics=['war'], key='war', resample_by='subject')
    found = [
        evaluate(classified(400, labels=np.zeros(400, int), scores=scores, source=source, subject=subject), config)
        for subject in (names, whole)
    ]
    assert found[0]['intervals'] == found[1]['intervals']


def test_a_metric_and_a_data_set_with_other_names_are_refused():
    metric = ClassificationMetric(['sad', 'happy'])
    metric.dataset_meta = dict(classes=('happy', 'sad'))
    with pytest.raises(ConfigError, match='for the classes sad, happy, the evaluated data set for happy, sad'):
        metric.gather()


def test_without_resamples_there_is_no_interval():
    result = evaluate(classified(), dict(type='ClassificationMetric', resamples=0))
    assert result['intervals'] == {} and result['metrics']


def test_classes_may_come_from_a_file(tmp_path):
    (tmp_path / 'classes.txt').write_text('\n'.join(CLASSES))
    assert ClassificationMetric(str(tmp_path / 'classes.txt')).names == list(CLASSES)
    with pytest.raises(ListError, match=r'none\.txt does not exist: create it with the class names, one per line'):
        ClassificationMetric(str(tmp_path / 'none.txt'))


def test_several_metrics_and_foreign_ones():
    grouped = dict(type='ClassificationMetric', metrics=['war'], key='war')
    result = evaluate(classified(), [dict(type='mmengine.DumpResults', out_file_path='x.pkl'), grouped])
    assert result['key'] == 'war'
    with pytest.raises(ConfigError, match='Two metrics give war'):
        evaluate(classified(), [grouped, grouped])


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        (dict(metrics=['accuracy'], key='accuracy'), 'accuracy'),
        (dict(key='uf1'), 'uf1'),
        (dict(group_by='subject'), 'group_by'),
        (dict(part_by='fold'), 'part_by'),
        (dict(resample_by='fold'), 'resample_by'),
        (dict(resamples=-5), 'resamples must be 0 or more, not -5'),
    ],
)
def test_impossible_arguments(arguments, match):
    with pytest.raises(ConfigError, match=match):
        ClassificationMetric(CLASSES, **arguments)


def test_predictions_of_another_configuration_are_refused():
    with pytest.raises(ConfigError, match='do not belong together'):
        evaluate(classified(), dict(type='ClassificationMetric', classes=['a', 'b', 'c']))
    with pytest.raises(ConfigError, match='do not belong together'):
        evaluate(regressed(), dict(type='RegressionMetric', dims=['arousal', 'dominance']))
    with pytest.raises(ConfigError, match='names classes'):
        ClassificationMetric().gather()
    with pytest.raises(ConfigError, match='scores classes, but the predictions are numbers'):
        evaluate(regressed(), dict(type='ClassificationMetric'))
    assert RegressionMetric(['arousal']).key == 'ccc'
