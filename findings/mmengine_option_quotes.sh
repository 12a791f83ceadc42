#!/usr/bin/env bash
# MMEngine 0.10.7: quotes inside a --cfg-options value protect nothing.
#
# One would expect key='"/data/my videos/l.csv"' to hand on the path between the quotes, and key='"007"' the text 007:
# DictAction strips quotes, so it seems to know them. It takes all spaces out of the value first, and reads what is left
# as a number where it can: the path becomes /data/myvideos/l.csv, the subject 007 becomes the integer 7.
#
# Why it matters here: a list in a folder with a space, or a subject with leading zeros, cannot be named by
# --cfg-options. The first fails as a file that does not exist, whose name looks right at a glance. Write such values
# into a config file; what is held out is given by --fold, which keeps its text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q mmengine==0.10.7 numpy==2.2.6 setuptools==80.10.2
"$folder/env/bin/python" -W ignore - <<'PY'
import argparse

from mmengine.config import DictAction

parser = argparse.ArgumentParser()
parser.add_argument('--cfg-options', nargs='+', action=DictAction)
expected = {
    'list="/data/my videos/l.csv"': '/data/myvideos/l.csv',
    "list='/data/my videos/l.csv'": '/data/myvideos/l.csv',
    'subject="007"': 7,
    "subject='1_000'": 1000,
    'subject=s007': 's007',
}
for option, value in expected.items():
    (seen,) = parser.parse_args(['--cfg-options', option]).cfg_options.values()
    print(f'mmengine 0.10.7: --cfg-options {option}  ->  {seen!r}')
    assert seen == value and type(seen) is type(value), seen
PY
