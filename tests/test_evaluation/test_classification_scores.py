"""WAR, UAR, F1 and confusion matrices against scikit-learn and against plain formulas, also where things are 0 / 0."""

import warnings

import numpy as np
import pytest
from mmengine.logging import MMLogger
from sklearn import metrics

from mmavf.evaluation.functional import (
    confusion_matrix,
    macro_f1,
    unweighted_average_recall,
    weighted_average_recall,
    weighted_f1,
)
from mmavf.evaluation.functional.bootstrap import scores_of_matrices

# labels, predictions, number of classes
CASES = {
    'one clip, right': ([1], [1], 3),
    'one clip, wrong': ([1], [2], 3),
    'a class without clips': ([0, 0, 1, 1], [0, 1, 1, 1], 3),
    'a class predicted that has no clips': ([0, 0, 1, 1], [0, 2, 1, 1], 3),
    'always one class': ([0, 1, 2, 2, 1], [1, 1, 1, 1, 1], 3),
    'one class alone': ([2, 2, 2], [2, 2, 2], 3),
    'nothing right': ([0, 1, 2], [1, 2, 0], 3),
}


def random_case(seed):
    rng = np.random.default_rng(seed)
    num_classes = int(rng.integers(2, 44))
    share = rng.dirichlet(np.full(num_classes, 0.3))
    labels = rng.choice(num_classes, size=rng.integers(1, 400), p=share)
    right = rng.random(len(labels)) < 0.5
    return labels, np.where(right, labels, rng.integers(0, num_classes, len(labels))), num_classes


def cases():
    yield from ((np.array(labels), np.array(predictions), num) for labels, predictions, num in CASES.values())
    yield from (random_case(seed) for seed in range(50))


def by_hand(labels, predictions, num_classes):
    """Slow and obvious; None stands for what does not exist."""
    pairs = list(zip(labels.tolist(), predictions.tolist(), strict=True))
    recalls, f1s, supports = [], [], []
    for c in range(num_classes):
        hits = sum(label == c and prediction == c for label, prediction in pairs)
        support = sum(label == c for label, _ in pairs)
        predicted = sum(prediction == c for _, prediction in pairs)
        recalls.append(hits / support if support else None)
        f1s.append(2 * hits / (support + predicted) if support + predicted else None)
        supports.append(support)
    mean = lambda values: sum(v for v in values if v is not None) / sum(v is not None for v in values)  # noqa: E731
    return dict(
        war=sum(label == prediction for label, prediction in pairs) / len(pairs),
        uar=mean(recalls),
        wa_f1=sum(f1 * support for f1, support in zip(f1s, supports, strict=True) if support) / len(pairs),
        macro_f1=mean(f1s),
    )


@pytest.fixture
def logged(monkeypatch):
    """Warnings given to the logger."""
    messages = []
    monkeypatch.setattr(MMLogger.get_current_instance(), 'warning', messages.append)
    return messages


@pytest.mark.parametrize('case', list(cases()))
def test_scores_equal_scikit_learn_and_the_plain_formulas(case):
    labels, predictions, _ = case
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        sklearn = dict(
            war=metrics.accuracy_score(labels, predictions),
            uar=metrics.balanced_accuracy_score(labels, predictions),
            wa_f1=metrics.f1_score(labels, predictions, average='weighted'),
            macro_f1=metrics.f1_score(labels, predictions, average='macro'),
        )
    own = dict(
        war=weighted_average_recall(*case),
        uar=unweighted_average_recall(*case),
        wa_f1=weighted_f1(*case),
        macro_f1=macro_f1(*case),
    )
    assert own == pytest.approx(sklearn, rel=0, abs=1e-12)
    assert own == pytest.approx(by_hand(*case), rel=0, abs=1e-12)
    many = scores_of_matrices(confusion_matrix(*case)[None].astype(float))
    assert own == pytest.approx({name: many[name][0] for name in own}, rel=0, abs=1e-12)


def test_confusion_matrix_has_a_row_for_every_class():
    matrix = confusion_matrix(np.array([0, 0, 3]), np.array([0, 3, 1]), 5)
    expected = np.zeros((5, 5), dtype=int)
    expected[0, 0] = expected[0, 3] = expected[3, 1] = 1
    np.testing.assert_array_equal(matrix, expected)


def test_micro_expression_f1_is_of_the_pooled_counts_and_not_the_mean_over_subjects():
    labels = [np.array([0, 0, 1]), np.array([1, 2, 2, 2])]
    predictions = [np.array([0, 1, 1]), np.array([1, 1, 2, 2])]
    pooled = macro_f1(np.concatenate(labels), np.concatenate(predictions), 3)
    # negative: TP 1, FN 1; positive: TP 2, FP 2; surprise: TP 2, FN 1
    assert pooled == pytest.approx((2 / 3 + 4 / 6 + 4 / 5) / 3, abs=1e-12)
    by_subject = np.mean([macro_f1(one, other, 3) for one, other in zip(labels, predictions, strict=True)])
    assert abs(pooled - by_subject) > 0.01


def test_classes_left_out_of_a_mean_are_named_in_a_warning(logged):
    labels, predictions = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    assert unweighted_average_recall(labels, predictions, 4) == 0.75
    assert len(logged) == 1 and logged[0].startswith('UAR') and logged[0].endswith('index 2, 3.')
    assert macro_f1(labels, predictions, 4) == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert len(logged) == 2 and logged[1].startswith('F1') and logged[1].endswith('index 3.')


def test_nothing_is_said_where_every_class_has_clips(logged):
    case = np.array([0, 1, 2]), np.array([0, 0, 0]), 3
    for score in (weighted_average_recall, unweighted_average_recall, weighted_f1, macro_f1):
        score(*case)
    assert not logged
