"""Linear classifiers whose one hyper-parameter is chosen among the speakers that they are trained on.

Shapes: N clips, D features, K classes.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from mmavf.evaluation.functional import fit_temperature, with_temperature

CANDIDATES = tuple(10.0**power for power in range(-5, 1))  # of C, in units of 1 / squared norm
INNER_FOLDS = 10  # at most; each holds out whole speakers
CLASSIFIERS = {'egemaps': 'svm', 'compare': 'svm', 'log-mel': 'logistic'}


@dataclass(frozen=True)
class Fitted:
    """A trained classifier.

    Attributes:
        pipeline: Standardisation, rotation and classifier.
        num_classes: Classes K; one that was not trained on gets no probability.
        cost: Chosen C.
        scale: Standard deviation of the decision values of held-out speakers.
        temperature: Makes probabilities of the softmax of decision values in units of `scale`.
    """

    pipeline: Pipeline
    num_classes: int
    cost: float
    scale: float
    temperature: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return (N, K) float64, of features (N, D)."""
        decisions = self.pipeline.decision_function(features) / self.scale
        return with_temperature(_scores(decisions, self.pipeline.classes_, self.num_classes), self.temperature)


def fit(kind: str, features: np.ndarray, labels: np.ndarray, speakers: np.ndarray, num_classes: int) -> Fitted:
    """Train a classifier.

    C is the one with the highest unweighted average recall on speakers of the training part that are held out in turn,
    all predictions scored as one; the smallest of equals. The temperature is fitted to the same predictions. Classes
    count the same, whatever their number of clips.

    Args:
        kind: 'svm', linear, one class against the rest, or 'logistic'.
        features: (N, D) float64 of the training part.
        labels: (N,) class indices.
        speakers: (N,) names.
        num_classes: Classes K.
    """
    folds = GroupKFold(min(INNER_FOLDS, len(set(speakers))))
    best = (-1.0, CANDIDATES[0], np.empty(0))
    classes = np.unique(labels)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ConvergenceWarning)  # at the largest C, which is then hardly chosen
        for cost in CANDIDATES:
            pipeline = _pipeline(kind, cost)
            held_out = cross_val_predict(
                pipeline, features, labels, groups=speakers, cv=folds, method='decision_function'
            )
            decided = _scores(held_out, classes, num_classes).argmax(axis=1)
            recall = balanced_accuracy_score(labels, decided)
            if recall > best[0]:
                best = (recall, cost, held_out)
        _, cost, held_out = best
        trained = _pipeline(kind, cost).fit(features, labels)
    scale = float(held_out.std()) or 1.0
    temperature = fit_temperature(labels, _scores(held_out / scale, classes, num_classes))
    return Fitted(trained, num_classes, cost, scale, temperature)


def _pipeline(kind: str, cost: float) -> Pipeline:
    options = dict(C=cost, class_weight='balanced', max_iter=2000, random_state=0)
    # a rotation into as many dimensions as there are clips, at most, in which the same classifier is found sooner
    rotation = PCA(svd_solver='full')
    return make_pipeline(
        StandardScaler(), rotation, LinearSVC(**options) if kind == 'svm' else LogisticRegression(**options)
    )


def _scores(decisions: np.ndarray, classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the softmax of decision values, (N, K); of two classes there is one value, for the second."""
    if decisions.ndim == 1:
        decisions = np.stack([-decisions, decisions], axis=1)
    scores = np.zeros((len(decisions), num_classes))
    scores[:, classes] = softmax(decisions, axis=1)
    return scores
