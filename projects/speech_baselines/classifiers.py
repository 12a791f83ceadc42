"""Linear classifiers whose one hyper-parameter is chosen among the speakers that they are trained on.

Shapes: N clips, D features, K classes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mmavf.errors import ListError
from mmavf.evaluation.functional import fit_temperature, with_temperature

CANDIDATES = tuple(10.0**power for power in range(-5, 1))  # of C
INNER_FOLDS = 10  # at most; each holds out whole speakers
CLASSIFIERS = {'egemaps': 'svm', 'compare': 'svm', 'log-mel': 'logistic'}


@dataclass(frozen=True)
class Fitted:
    """A trained classifier.

    Attributes:
        preparation: Standardisation and rotation of the features.
        classifier: The linear classifier.
        num_classes: Classes K; one that was not trained on gets no probability.
        cost: Chosen C.
        scale: Standard deviation of the decision values of held-out speakers.
        temperature: Makes probabilities of the softmax of decision values in units of `scale`.
    """

    preparation: Pipeline
    classifier: SVC | LogisticRegression
    num_classes: int
    cost: float
    scale: float
    temperature: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return (N, K) float64, of features (N, D)."""
        decisions = _decisions(self.classifier, self.preparation.transform(features), self.num_classes)
        return with_temperature(softmax(decisions / self.scale, axis=1), self.temperature)


def fit(kind: str, features: np.ndarray, labels: np.ndarray, speakers: np.ndarray, num_classes: int) -> Fitted:
    """Train a classifier.

    C is the one with the highest unweighted average recall on speakers of the training part that are held out in turn,
    all predictions scored as one; the smallest of equals. The temperature is fitted to the same predictions. Classes
    count the same, whatever their number of clips.

    Args:
        kind: 'svm', linear, one class against another, or 'logistic'.
        features: (N, D) float64 of the training part.
        labels: (N,) class indices.
        speakers: (N,) names.
        num_classes: Classes K.

    Raises:
        ListError: There are too few speakers to hold one out.
    """
    held_out = _held_out(kind, features, labels, speakers, num_classes)
    recalls = [balanced_accuracy_score(labels, decisions.argmax(axis=1)) for decisions in held_out]
    best = int(np.argmax(recalls))
    preparation = _preparation().fit(features)
    classifier = _classifier(kind, CANDIDATES[best]).fit(preparation.transform(features), labels)
    decisions = held_out[best]
    scale = float(decisions[np.isfinite(decisions)].std()) or 1.0
    # a class that only one speaker has is unknown where that one is held out: nothing could make it probable
    known = np.isfinite(decisions[np.arange(len(labels)), labels])
    temperature = fit_temperature(labels[known], softmax(decisions[known] / scale, axis=1)) if known.any() else 1.0
    return Fitted(preparation, classifier, num_classes, CANDIDATES[best], scale, temperature)


def _held_out(
    kind: str, features: np.ndarray, labels: np.ndarray, speakers: np.ndarray, num_classes: int
) -> np.ndarray:
    """Return the decision values of speakers that are held out in turn, for each C: (candidates, N, K)."""
    found = np.empty((len(CANDIDATES), len(labels), num_classes))
    num_speakers = len(set(speakers))
    if num_speakers < 2:
        raise ListError(f'C is chosen by speakers that are held out, and the training part has only {speakers[0]}')
    for train, test in GroupKFold(min(INNER_FOLDS, num_speakers)).split(features, groups=speakers):
        if len(set(labels[train])) < 2:
            left_out = ', '.join(sorted(set(speakers[test])))
            raise ListError(
                f'C is chosen by speakers that are held out: without {left_out} one class is left to train on'
            )
        preparation = _preparation().fit(features[train])
        ours, theirs = (preparation.transform(features[part]) for part in (train, test))
        for place, cost in enumerate(CANDIDATES):
            classifier = _classifier(kind, cost).fit(ours, labels[train])
            found[place, test] = _decisions(classifier, theirs, num_classes)
    return found


def _preparation() -> Pipeline:
    # a rotation into as many dimensions as there are clips, at most, in which the same classifier is found sooner
    return make_pipeline(StandardScaler(), PCA(svd_solver='full'))


def _classifier(kind: str, cost: float) -> SVC | LogisticRegression:
    if kind == 'svm':
        return SVC(kernel='linear', C=cost, class_weight='balanced', decision_function_shape='ovr')
    return LogisticRegression(C=cost, class_weight='balanced', max_iter=2000)


def _decisions(classifier: SVC | LogisticRegression, features: np.ndarray, num_classes: int) -> np.ndarray:
    """Return decision values, (N, K); that of a class which was not trained on is -inf."""
    values = classifier.decision_function(features)
    if values.ndim == 1:  # of two classes, for the second
        values = np.stack([-values, values], axis=1)
    found = np.full((len(values), num_classes), -np.inf)
    found[:, classifier.classes_] = values
    return found
