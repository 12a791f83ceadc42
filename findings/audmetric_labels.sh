#!/usr/bin/env bash
# audmetric 1.4.2: with `labels`, the unweighted average recall forgets the clips that were taken for another class.
#
# `labels` are the "included labels in preferred ordering". One would expect, as from the argument of the same name in
# scikit-learn, the recall of these classes: a clip of anger that is called something else is missed. Instead every clip
# is dropped whose prediction is not among the labels, too, and the recall is that of the rest. Of two clips of anger and
# two of joy, one each taken for `other`, UAR is 1.0, scikit-learn says 0.5, and so does audmetric's accuracy with
# the same labels. The precision of the classes likewise forgets the clips of other classes that were taken for them.
#
# Why it matters here: it is common to train with a class for the rest and to report the UAR of the basic emotions. The
# less a model commits itself, the better it looks. This project's UAR counts each clip of a class.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q audmetric==1.4.2 scikit-learn==1.7.2 numpy==2.2.6
"$folder/env/bin/python" - <<'PY'
import audmetric
from sklearn.metrics import precision_score, recall_score

truth = ['anger', 'anger', 'joy', 'joy', 'other', 'other']
predicted = ['anger', 'other', 'joy', 'other', 'other', 'joy']
labels = ['anger', 'joy']
found = dict(
    uar=audmetric.unweighted_average_recall(truth, predicted, labels),
    precision=audmetric.unweighted_average_precision(truth, predicted, labels),
)
usual = dict(
    uar=recall_score(truth, predicted, labels=labels, average='macro'),
    precision=precision_score(truth, predicted, labels=labels, average='macro'),
)
without = audmetric.recall_per_class(truth, predicted)
print('audmetric 1.4.2, labels', labels, found, '; scikit-learn', usual)
print('recall per class without labels:', without, '; with:', audmetric.recall_per_class(truth, predicted, labels))
assert found == dict(uar=1.0, precision=1.0), 'this changed'
assert usual == dict(uar=0.5, precision=0.75) and without['anger'] == without['joy'] == 0.5
four = truth[:4], predicted[:4]
accuracy = audmetric.accuracy(*four, labels)
print('of the first four clips: UAR', audmetric.unweighted_average_recall(*four, labels), 'accuracy', accuracy)
assert accuracy == 0.5
PY
