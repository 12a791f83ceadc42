#!/usr/bin/env bash
# pympi-ling 1.71: a new ELAN document made in a time zone of half hours has a DATE that is not a date.
#
# One would expect ISO 8601 with the offset of the local time zone, as ELAN writes it and its schema (xsd:dateTime) asks
# for: +05:30 in India. The minutes of the offset are the remainder of the offset in seconds, so that it reads +05:1800.
# Zones of whole hours are right, so that a test in Europe or America does not notice.
#
# Why it matters here: documents for ELAN are written by annotators everywhere, and a reader that checks the schema
# refuses them. The writer sets the attribute itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q pympi-ling==1.71
"$folder/env/bin/python" - "$folder" <<'PY'
import os
import re
import sys
import time
from pathlib import Path

from pympi import Eaf

offsets = {}
for zone in ('Europe/Berlin', 'Asia/Kolkata', 'Australia/Adelaide'):
    os.environ['TZ'] = zone
    time.tzset()
    path = Path(sys.argv[1], 'made.eaf')
    Eaf().to_file(str(path))
    date = re.search('DATE="([^"]*)"', path.read_text())[1]
    offsets[zone] = re.search(r'[+-]\d+:\d+$', date)[0]
    print(f'pympi-ling 1.71: {zone}: DATE={date}')
    path.unlink()
assert re.fullmatch(r'\+0[12]:00', offsets['Europe/Berlin'])
assert offsets['Asia/Kolkata'] == '+05:1800' and offsets['Australia/Adelaide'].endswith(':1800')
PY
