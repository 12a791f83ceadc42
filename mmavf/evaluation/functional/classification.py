"""Figures of merit of a classifier.

All take `labels` and `predictions`, (N,) class indices with N >= 1, and `num_classes`, so that a class which occurs in
neither has its row all the same.
"""

from collections.abc import Iterable

import numpy as np
from mmengine.logging import MMLogger
from sklearn import metrics


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """Return int64 (num_classes, num_classes): row = label, column = prediction."""
    return metrics.confusion_matrix(labels, predictions, labels=range(num_classes))


def weighted_average_recall(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> float:
    """Return WAR, the share of clips that are right, in [0, 1]."""
    return float(metrics.accuracy_score(labels, predictions))


def unweighted_average_recall(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> float:
    """Return UAR, the mean of the classes' recalls, in [0, 1].

    A class without clips has no recall: it is left out of the mean, with a warning.
    """
    supported = np.unique(labels)
    _warn_left_out('UAR', 'without clips', set(range(num_classes)) - set(supported.tolist()))
    return float(metrics.recall_score(labels, predictions, labels=supported, average='macro', zero_division=0))


def weighted_f1(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> float:
    """Return WA-F1, the mean of the classes' F1 weighted by their clips, in [0, 1]."""
    return float(metrics.f1_score(labels, predictions, average='weighted', zero_division=0))


def macro_f1(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> float:
    """Return the mean over classes of 2 TP / (2 TP + FP + FN), in [0, 1].

    Over the pooled predictions of all held-out subjects this is the UF1 of the micro-expression challenges. A
    class that is predicted but has no clips counts with 0. One that has neither clips nor predictions has no F1: it is
    left out of the mean, with a warning.
    """
    present = np.union1d(labels, predictions)
    _warn_left_out('F1', 'without clips and predictions', set(range(num_classes)) - set(present.tolist()))
    return float(metrics.f1_score(labels, predictions, labels=present, average='macro', zero_division=0))


# Names in configurations; UF1 is the F1 averaged over classes, of pooled predictions.
CLASSIFICATION_SCORES = dict(
    war=weighted_average_recall,
    uar=unweighted_average_recall,
    wa_f1=weighted_f1,
    macro_f1=macro_f1,
    uf1=macro_f1,
)


def _warn_left_out(score: str, what: str, classes: Iterable[int]) -> None:
    if classes:
        MMLogger.get_current_instance().warning(
            f'{score} is the mean over fewer classes: {what} are the classes with index '
            f'{", ".join(str(index) for index in sorted(classes))}.'
        )
