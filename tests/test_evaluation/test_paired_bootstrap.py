"""Paired bootstrap against resampling subjects one after the other."""

import numpy as np
import pytest

from mmavf.evaluation.functional import (
    classification_resamples,
    draw_units,
    interval,
    mean_of_resamples,
    paired_differences,
    regression_resamples,
)

FOLDS, SUBJECTS, CLASSES = 3, 15, 3


def made_clips(count=240, seed=0):
    """Clips of 15 subjects in 3 folds, and the decisions of two models."""
    rng = np.random.default_rng(seed)
    subject = rng.integers(0, SUBJECTS, count)
    labels = rng.integers(0, CLASSES, count)
    hard = subject % 4 == 0  # for both models, which is what pairing takes out
    models = []
    for skill in (0.5, 0.46):
        right = rng.random(count) < np.where(hard, skill - 0.3, skill)
        models.append(np.where(right, labels, (labels + 1) % CLASSES))
    return subject, subject % FOLDS, labels, models


def slow_uar(labels, predictions):
    return np.mean([np.mean(predictions[labels == c] == c) for c in np.unique(labels)])


def slow_gaps(score, subject, fold, labels, models, resamples=3000):
    """Draw subjects with replacement, score each fold's clips of either model, average, subtract."""
    rng = np.random.default_rng(7)
    rows = [np.flatnonzero(subject == s) for s in range(SUBJECTS)]
    gaps = []
    for _ in range(resamples):
        drawn = np.concatenate([rows[s] for s in rng.integers(0, SUBJECTS, SUBJECTS)])
        parts = [drawn[fold[drawn] == f] for f in range(FOLDS)]
        means = [np.mean([score(labels[part], model[part]) for part in parts if len(part)]) for model in models]
        gaps.append(means[1] - means[0])
    return np.array(gaps)


def resamples_of(subject, fold, labels, model, draws):
    parts = [fold == f for f in range(FOLDS)]
    return mean_of_resamples(
        [classification_resamples(labels[part], model[part], CLASSES, subject[part], draws) for part in parts]
    )


@pytest.mark.parametrize(('name', 'score'), [('war', lambda x, y: np.mean(x == y)), ('uar', slow_uar)])
def test_differences_are_those_of_resampling_subjects(name, score):
    subject, fold, labels, models = made_clips()
    draws = draw_units(SUBJECTS, 3000)
    first, second = (resamples_of(subject, fold, labels, model, draws) for model in models)
    found = paired_differences(second, first)[name]
    gaps = slow_gaps(score, subject, fold, labels, models)
    np.testing.assert_allclose((found.low, found.high), np.percentile(gaps, (2.5, 97.5)), atol=0.012)
    assert found.share == pytest.approx(np.mean(gaps > 0), abs=0.02)
    assert 0.02 < found.share < 0.98  # else it would be no test


def test_pairing_takes_out_what_is_hard_for_both():
    subject, fold, labels, models = made_clips()
    draws = draw_units(SUBJECTS, 1000)
    first, second = (resamples_of(subject, fold, labels, model, draws)['war'] for model in models)
    unpaired = np.random.default_rng(0).permutation(second) - first
    paired = paired_differences(dict(war=second), dict(war=first))['war']
    assert paired.high - paired.low < 0.8 * np.subtract(*interval(unpaired)[::-1])


def test_a_model_does_not_differ_from_itself():
    subject, fold, labels, models = made_clips()
    scores = resamples_of(subject, fold, labels, models[0], draw_units(SUBJECTS, 200))
    assert paired_differences(scores, scores)['uar'] == (0, 0, 0.5)


def test_draws_are_as_many_as_there_are_units():
    draws = draw_units(7, 250, seed=3)
    assert draws.shape == (250, 7) and (draws.sum(axis=1) == 7).all()
    np.testing.assert_array_equal(draws, draw_units(7, 250, seed=3))
    assert (draws != draw_units(7, 250, seed=4)).any()


def test_a_fold_without_drawn_clips_is_left_out():
    draws = np.array([[2, 0], [1, 1]])
    parts = [classification_resamples(np.array([0]), np.array([k]), 2, np.array([k]), draws) for k in (0, 1)]
    np.testing.assert_array_equal(parts[1]['war'], [np.nan, 0])
    np.testing.assert_array_equal(mean_of_resamples(parts)['war'], [1, 0.5])


def test_regression_is_scored_on_the_same_draws():
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(60, 2))
    predictions = 0.6 * labels + rng.normal(scale=0.5, size=labels.shape)
    unit = np.arange(60) // 4
    draws = draw_units(15, 20)
    found = regression_resamples(labels, predictions, unit, draws)
    for number, draw in enumerate(draws):
        rows = np.repeat(np.arange(60), draw[unit])
        x, y = labels[rows], predictions[rows]
        pcc = np.mean([np.corrcoef(x[:, k], y[:, k])[0, 1] for k in range(2)])
        assert found['pcc'][number] == pytest.approx(pcc)
        assert found['rmse'][number] == pytest.approx(np.mean(np.sqrt(((x - y) ** 2).mean(0))))
