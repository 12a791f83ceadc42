"""Bootstrap intervals against resampling clip by clip, known cases, and their coverage."""

import time

import numpy as np
import pytest

from mmavf.evaluation.functional import classification_intervals, concordance, pearson, regression_intervals, rmse
from mmavf.evaluation.functional.bootstrap import scores_of_moments


def classified(count=300, num_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.choice(num_classes, size=count, p=[0.5, 0.3, 0.15, 0.05])
    right = rng.random(count) < np.array([0.9, 0.6, 0.4, 0.5])[labels]
    return labels, np.where(right, labels, rng.integers(0, num_classes, count))


def regressed(count=200, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.normal(size=(count, 2))
    return labels, 0.5 * labels + rng.normal(scale=[0.5, 1], size=labels.shape) + 0.3


def slow_intervals(score, arrays, units=None, resamples=3000):
    """Take whole units with replacement and score their clips, one resample after the other."""
    rng = np.random.default_rng(1)
    units = np.arange(len(arrays[0])) if units is None else np.asarray(units)
    rows = [np.flatnonzero(units == unit) for unit in np.unique(units)]
    values = []
    for _ in range(resamples):
        drawn = np.concatenate([rows[place] for place in rng.integers(0, len(rows), len(rows))])
        values.append(score(*(array[drawn] for array in arrays)))
    return np.percentile(values, (2.5, 97.5), axis=0)


def slow_uar(labels, predictions):
    return np.mean([np.mean(predictions[labels == c] == c) for c in np.unique(labels)])


def slow_ccc(labels, predictions):
    covariance = ((labels - labels.mean(0)) * (predictions - predictions.mean(0))).sum(0) / (len(labels) - 1)
    variances = labels.var(0, ddof=1) + predictions.var(0, ddof=1)
    return 2 * covariance / (variances + (labels.mean(0) - predictions.mean(0)) ** 2)


SLOW_SCORES = dict(
    pcc=lambda x, y: np.array([np.corrcoef(x[:, k], y[:, k])[0, 1] for k in range(x.shape[1])]),
    ccc=slow_ccc,
    rmse=lambda x, y: np.sqrt(((x - y) ** 2).mean(0)),
)


@pytest.mark.parametrize('by_subject', [False, True])
def test_intervals_of_a_classifier_are_those_of_resampling_clips_or_subjects(by_subject):
    labels, predictions = classified()
    rng = np.random.default_rng(2)
    units = [f's{number}' for number in rng.integers(0, 12, len(labels))] if by_subject else None
    hard = np.isin(units, ['s1', 's5', 's7']) if by_subject else np.zeros(len(labels), dtype=bool)
    predictions = np.where(hard, (labels + 1) % 4, predictions)  # what makes subjects wider than clips
    found = classification_intervals(labels, predictions, 4, ('war', 'uar'), units=units, resamples=3000)
    for name, score in (('war', lambda x, y: np.mean(x == y)), ('uar', slow_uar)):
        expected = slow_intervals(score, (labels, predictions), units)
        np.testing.assert_allclose(found[name], expected, atol=0.012)


@pytest.mark.parametrize('by_subject', [False, True])
def test_intervals_of_a_regressor_are_those_of_resampling_clips_or_subjects(by_subject):
    labels, predictions = regressed()
    units = [f's{number}' for number in np.random.default_rng(2).integers(0, 12, len(labels))] if by_subject else None
    found = regression_intervals(labels, predictions, ('pcc', 'ccc', 'rmse'), units=units, resamples=3000)
    for name, score in SLOW_SCORES.items():
        each, of_mean = found[name]
        expected = slow_intervals(score, (labels, predictions), units, resamples=1500)  # (2, K)
        np.testing.assert_allclose(each, expected.T, atol=0.015)
        expected = slow_intervals(lambda x, y, score=score: score(x, y).mean(), (labels, predictions), units, 1500)
        np.testing.assert_allclose(of_mean, expected, atol=0.015)


@pytest.mark.parametrize('offset', [0.0, 3.0])
def test_scores_of_moments_equal_the_scores_of_the_clips(offset):
    labels, predictions = regressed()
    cases = [
        (labels, predictions),
        (labels[:1], predictions[:1]),
        (labels, labels),
        (np.ones((5, 2)), predictions[:5]),
        (labels[:5], np.full((5, 2), 0.1)),
        (np.ones((5, 2)), np.ones((5, 2))),
    ]
    for x, y in cases:
        x, y = x + offset, y + offset
        moments = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y, (x - y) ** 2]).sum(axis=1)  # (7, K)
        found = scores_of_moments(moments[:, None])
        for name, score in dict(pcc=pearson, ccc=concordance, rmse=rmse).items():
            np.testing.assert_allclose(found[name][0], score(x, y), atol=1e-12, err_msg=f'{name} of {len(x)}')


def test_one_seed_gives_one_interval_and_another_seed_another():
    labels, predictions = classified()
    first, again, other = (
        classification_intervals(labels, predictions, 4, ('uar',), seed=seed)['uar'] for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_perfect_model_has_no_spread_and_a_class_missing_in_a_resample_no_nan():
    labels = np.array([0] * 20 + [1])  # about a third of the resamples have no clip of class 1
    intervals = classification_intervals(labels, labels, 3, ('war', 'uar', 'uf1'))
    assert intervals == dict(war=(1, 1), uar=(1, 1), uf1=(1, 1))


def test_nineteen_of_twenty_intervals_hold_the_true_accuracy():
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        labels = np.zeros(200, dtype=int)
        predictions = (rng.random(200) > 0.7).astype(int)
        low, high = classification_intervals(labels, predictions, 2, ('war',), seed=seed)['war']
        held += low <= 0.7 <= high
    assert 0.91 <= held / 300 <= 0.98


def test_ten_thousand_clips_take_seconds():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 43, 10_000), rng.integers(0, 43, 10_000)
    units = rng.integers(0, 500, 10_000)
    values = rng.normal(size=(2, 10_000, 3))
    start = time.process_time()
    classification_intervals(labels, predictions, 43, ('war', 'uar', 'uf1'))
    classification_intervals(labels, predictions, 43, ('war', 'uar', 'uf1'), units=units)
    regression_intervals(*values, ('ccc',))
    assert time.process_time() - start < 20
