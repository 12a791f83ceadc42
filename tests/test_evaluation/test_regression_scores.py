"""PCC, CCC and RMSE against numpy and plain formulas, also where a correlation does not exist."""

import numpy as np
import pytest
from mmengine.logging import MMLogger
from scipy import stats

from mmavf.evaluation.functional import concordance, pearson, rmse


@pytest.fixture
def logged(monkeypatch):
    """Warnings given to the logger."""
    messages = []
    monkeypatch.setattr(MMLogger.get_current_instance(), 'warning', messages.append)
    return messages


def random_case(seed):
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(2, 300)), int(rng.integers(1, 4))
    labels = rng.normal(rng.normal(scale=10), rng.uniform(0.1, 5), shape)
    return labels, 0.5 * labels + rng.normal(size=shape)


def plain_ccc(x, y):
    """Lin's concordance, written out with sums."""
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    cov = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / (n - 1)
    var_x, var_y = (sum((a - m) ** 2 for a in v) / (n - 1) for v, m in ((x, mean_x), (y, mean_y)))
    return 2 * cov / (var_x + var_y + (mean_x - mean_y) ** 2)


@pytest.mark.parametrize('seed', range(30))
def test_random_values(seed, logged):
    labels, predictions = random_case(seed)
    columns = list(zip(labels.T, predictions.T, strict=True))
    expected = [np.corrcoef(x, y)[0, 1] for x, y in columns]
    np.testing.assert_allclose(pearson(labels, predictions), expected, rtol=0, atol=1e-12)
    expected = [stats.pearsonr(x, y).statistic for x, y in columns]
    np.testing.assert_allclose(pearson(labels, predictions), expected, rtol=0, atol=1e-12)
    expected = [plain_ccc(x.tolist(), y.tolist()) for x, y in columns]
    np.testing.assert_allclose(concordance(labels, predictions), expected, rtol=0, atol=1e-12)
    expected = [np.sqrt(np.mean((x - y) ** 2)) for x, y in columns]
    np.testing.assert_allclose(rmse(labels, predictions), expected, rtol=0, atol=1e-12)
    assert not logged


def test_concordance_uses_unbiased_moments():
    x, y = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]])
    # unbiased: var 0.5 and 2, cov 1, shift 0.25; biased moments would give 1 / (0.25 + 1 + 0.25) = 0.667
    assert concordance(x, y)[0] == pytest.approx(2 / 2.75, abs=1e-12)


@pytest.mark.parametrize(
    ('labels', 'predictions', 'pcc', 'ccc', 'warnings'),
    [
        ([1, 2, 3], [2, 2, 2], 0, 0, 2),  # constant predictions
        ([2, 2, 2], [1, 2, 3], 0, 0, 2),  # constant labels
        ([2, 2, 2], [2, 2, 2], 0, 1, 2),  # one and the same constant
        ([2, 2, 2], [3, 3, 3], 0, 0, 2),  # two constants
        ([0.1, 0.1, 0.1], [1, 2, 3], 0, 0, 2),  # a constant whose mean is not exactly itself
        ([0.5], [0.25], 1, 0, 2),  # a single sample
        ([0.5], [0.5], 1, 1, 2),
        ([1, 2], [1, 2], 1, 1, 0),
    ],
)
def test_degenerate_values_give_a_number_and_a_warning(labels, predictions, pcc, ccc, warnings, logged):
    labels, predictions = (np.array(values, dtype=float)[:, None] for values in (labels, predictions))
    assert pearson(labels, predictions)[0] == pytest.approx(pcc, abs=1e-12)
    assert concordance(labels, predictions)[0] == pytest.approx(ccc, abs=1e-12)
    assert rmse(labels, predictions)[0] == pytest.approx(np.sqrt(np.mean((labels - predictions) ** 2)), abs=1e-12)
    assert len(logged) == warnings


def test_a_warning_names_the_dimension(logged):
    labels = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 3.0]])
    predictions = np.array([[1.0, 5.0], [3.0, 5.0], [4.0, 5.0]])
    values = pearson(labels, predictions)
    assert values[0] > 0.9 and values[1] == 0
    assert len(logged) == 1 and 'dimension 1' in logged[0]
