#!/usr/bin/env bash
# MMAction2 1.2.0 breaks a tie between classes in two ways inside one metric.
#
# One would expect that `top1` and `mean1` of AccMetric judge the same predicted class of a clip. They do where a score
# is the highest alone. In a tie `top_k_accuracy` takes the last of the tied classes (the end of an argsort), and
# `mean_class_accuracy` the first (argmax). A model that gives every class the same score, as one does whose head is
# still zero, thus has a top1 that is the share of the last class, and a mean1 that is the recall of the first.
#
# Why it matters here: weighted and unweighted accuracy (WAR, UAR) of one set of predictions are read side by side. The
# scores of this project take one predicted class for both: the first of the tied ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q numpy==2.2.6
"$folder/env/bin/pip" install -q --no-deps mmaction2==1.2.0
"$folder/env/bin/python" - <<'PY'
import importlib.util
from importlib.metadata import distribution

import numpy as np

# the module by its file: the package itself imports torch, which these functions do not need
file = distribution('mmaction2').locate_file('mmaction/evaluation/functional/accuracy.py')
spec = importlib.util.spec_from_file_location('accuracy', file)
accuracy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(accuracy)

labels = [0] * 6 + [1] * 3 + [2]
scores = [np.full(3, 1 / 3)] * len(labels)
top1 = accuracy.top_k_accuracy(scores, labels, (1,))[0]
predicted = accuracy.confusion_matrix(np.argmax(scores, axis=1), labels)
mean1 = accuracy.mean_class_accuracy(scores, labels)
print('mmaction2 1.2.0, ten clips (6, 3, 1 of three classes), all scores equal')
print(f'top1  {top1:.4f}: the share of the last class; the first one has 0.6')
print(f'mean1 {mean1:.4f}; the classes that it takes as predicted:', predicted.sum(axis=0))
assert np.isclose(top1, 0.1), top1
assert np.isclose(mean1, 1 / 3) and predicted.sum(axis=0).tolist() == [10, 0, 0], (mean1, predicted)

alone = [np.eye(3)[label] for label in labels]
assert accuracy.top_k_accuracy(alone, labels, (1,))[0] == accuracy.mean_class_accuracy(alone, labels) == 1
PY
