#!/usr/bin/env bash
# audformat 1.4.3 gives labels to other files than those they were indexed with.
#
# Tables of audformat are indexed by file, and get() returns a pandas Series or DataFrame with that index. One would expect
# set() to put such a Series back by its index, as an assignment in pandas does, or to refuse one whose index differs.
# It takes the values one after the other: labels that were sorted, shuffled or filtered on the way go to other files, and
# so do those of files that the table does not have. Only a wrong number of them is an error. With index= they
# are right; Table.set(DataFrame) is the same.
#
# Why it matters here: public sets of speech emotion come as audformat databases. A list that is sorted by speaker and
# stored again has other emotions, and each of them is a class that exists.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q audformat==1.4.3 pandas==2.3.3 numpy==2.2.6
"$folder/env/bin/python" -W ignore - <<'PY'
import audformat
import pandas as pd

TRUE = dict(a='joy', b='anger', c='sadness')


def make():
    database = audformat.Database('db')
    database.schemes['emotion'] = audformat.Scheme(labels=sorted(TRUE.values()))
    table = database['clips'] = audformat.Table(audformat.filewise_index(list(TRUE)))
    table['emotion'] = audformat.Column(scheme_id='emotion')
    table['emotion'].set(list(TRUE.values()))
    return table


def now(table):
    return table['emotion'].get().to_dict()


table = make()
assert now(table) == TRUE
backwards = table['emotion'].get().sort_index(ascending=False)
assert backwards.to_dict() == TRUE
in_pandas = table.get()
in_pandas['emotion'] = backwards
assert in_pandas['emotion'].to_dict() == TRUE  # pandas goes by the index
table['emotion'].set(backwards)
by_column = now(table)
table = make()
table.set(table.get().sort_index(ascending=False))
by_table = now(table)
table = make()
table['emotion'].set(backwards, index=backwards.index)
with_index = now(table)
table['emotion'].set(pd.Series(['joy'] * 3, index=audformat.filewise_index(['x', 'y', 'z'])))
strangers = now(table)
print('audformat 1.4.3, true labels    ', TRUE)
outcome = {'Column.set': by_column, 'Table.set': by_table, 'with index=': with_index, 'of other files': strangers}
for name, labels in outcome.items():
    print(f'{name:16}', labels)
wrong = dict(a='sadness', b='anger', c='joy')
assert by_column == by_table == wrong and with_index == TRUE and strangers == dict.fromkeys(TRUE, 'joy'), 'this changed'
PY
