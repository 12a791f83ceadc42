"""Calibration: errors against loops, a temperature that is known, degenerate input."""

import numpy as np
import pytest
from scipy.special import softmax

from mmavf.errors import ConfigError
from mmavf.evaluation import Predictions
from mmavf.evaluation.calibrate import calibrate
from mmavf.evaluation.functional import (
    apply_calibration,
    calibration_error_interval,
    expected_calibration_error,
    fit_temperature,
    reliability,
    with_temperature,
)


def drawn(count=400, classes=4, sharpness=1.0, seed=0):
    """Labels drawn from softmax(z), and softmax(sharpness * z): calibrated at sharpness 1."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(count, classes)) * 1.5
    labels = np.array([rng.choice(classes, p=row) for row in softmax(z, axis=1)])
    return labels, softmax(sharpness * z, axis=1), z


def slow_error(labels, scores, bins):
    total = 0.0
    for low in range(bins):
        inside = [i for i, row in enumerate(scores) if low / bins < max(row) <= (low + 1) / bins]
        if inside:
            right = np.mean([np.argmax(scores[i]) == labels[i] for i in inside])
            total += len(inside) / len(labels) * abs(right - np.mean([max(scores[i]) for i in inside]))
    return total


@pytest.mark.parametrize(('count', 'bins'), [(400, 15), (7, 15), (1, 3), (400, 1)])
def test_the_error_against_a_loop(count, bins):
    labels, scores, _ = drawn(count, sharpness=2)
    assert expected_calibration_error(labels, scores, bins) == pytest.approx(
        slow_error(labels, scores, bins), abs=1e-12
    )
    diagram = reliability(labels, scores, bins)
    gaps = np.nan_to_num(np.abs(diagram.accuracy - diagram.confidence))
    assert (gaps * diagram.counts).sum() / count == pytest.approx(slow_error(labels, scores, bins), abs=1e-12)
    assert diagram.counts.sum() == count and np.isnan(diagram.accuracy[diagram.counts == 0]).all()


def test_a_known_temperature_is_found():
    labels, scores, z = drawn(20_000, sharpness=3)
    temperature = fit_temperature(labels, scores)
    assert temperature == pytest.approx(3, rel=0.05)
    np.testing.assert_allclose(with_temperature(scores, temperature), softmax(3 * z / temperature, axis=1), atol=1e-9)
    before, after = (expected_calibration_error(labels, s) for s in (scores, with_temperature(scores, temperature)))
    assert before > 0.1 and after < 0.015
    assert (with_temperature(scores, temperature).argmax(1) == scores.argmax(1)).all()


def test_degenerate_predictions():
    sure = np.eye(3)[[0, 1, 2, 0]]
    assert fit_temperature(np.array([0, 1, 2, 0]), sure) < 0.5  # all right: nothing is too sure
    assert fit_temperature(np.array([1, 2, 0, 1]), sure) > 40  # all wrong
    even = with_temperature(np.full((2, 3), 1 / 3), 7.0)
    np.testing.assert_allclose(even, 1 / 3)
    scores = softmax(np.arange(6.0).reshape(2, 3), axis=1)
    np.testing.assert_allclose(with_temperature(scores, 1.0), scores, atol=1e-12)
    assert apply_calibration(scores, None) is scores
    np.testing.assert_array_equal(apply_calibration(scores[0], dict(temperature=2.0)), with_temperature(scores[0], 2.0))


def test_the_interval_against_a_loop():
    labels, scores, _ = drawn(300, sharpness=2)
    subjects = [f's{i % 20}' for i in range(300)]
    rng = np.random.default_rng(5)
    for units in (None, subjects):
        names = np.arange(300) if units is None else np.array(units)
        members = [np.flatnonzero(names == name) for name in np.unique(names)]
        found = []
        for _ in range(600):
            rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
            found.append(expected_calibration_error(labels[rows], scores[rows]))
        expected = np.percentile(found, [2.5, 97.5])
        np.testing.assert_allclose(calibration_error_interval(labels, scores, units), expected, atol=0.012)


def predictions(labels, scores, names=None):
    count = len(labels)
    blank = dict.fromkeys(('subject', 'fold', 'source', 'group'), ('',) * count)
    names = tuple('abcdefgh'[: scores.shape[1]]) if names is None else names
    return Predictions(ids=tuple(map(str, range(count))), labels=labels, scores=scores, names=names, **blank)


def test_errors_are_those_of_other_clips_where_these_are_given():
    fitted, other = (predictions(*drawn(500, sharpness=3, seed=seed)[:2]) for seed in (0, 1))
    alone, both = calibrate(fitted), calibrate(fitted, other)
    assert alone['temperature'] == both['temperature'] == fit_temperature(fitted.labels, fitted.scores)
    assert both['ece_before']['value'] == expected_calibration_error(other.labels, other.scores)
    after = with_temperature(other.scores, both['temperature'])
    assert both['ece_after']['value'] == expected_calibration_error(other.labels, after)
    assert both['ece_after']['value'] < both['ece_before']['value'] and both['nll_after'] < both['nll_before']
    low, high = both['ece_before']['interval']
    assert low < both['ece_before']['value'] < high


def test_what_cannot_be_calibrated():
    good = predictions(*drawn(40)[:2])
    for bad, message in (
        (predictions(*drawn(29)[:2]), '29 clips are too few'),
        (predictions(np.zeros((40, 4)), np.zeros((40, 4))), 'are numbers, not classes'),
        (predictions(*drawn(40)[:2], names=('a', 'b', 'd', 'c')), 'must be the same in the same order'),
    ):
        with pytest.raises(ConfigError, match=message):
            calibrate(good, bad)
