#!/usr/bin/env bash
# pympi-ling 1.71: shift_annotations moves annotations twice as far if two of them share a time slot, and a shift to the
# left makes the first one longer.
#
# "Shift all annotations in time": one would expect 500 to add 500 ms everywhere. It is added once per annotation to the
# slots of its begin and end. In ELAN's own documents the parts of a time subdivision share slots with each other and with
# their parent: a shift of 500 moves all of them by 1,000. To the left, an annotation that would begin before 0 is cut
# there, as the documentation says ("squashed"), but its end stays where it was: 100 to 1,100 ms, shifted by -200, is 0 to
# 1,100 and overlaps with what follows.
#
# Why it matters here: ELAN's documents are shifted when the recording is cut or another camera leads. All labels would
# be off by the shift itself, all by the same amount, so that nothing looks wrong inside the document.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q pympi-ling==1.71
"$folder/env/bin/python" - "$folder" <<'PY'
import sys
from pathlib import Path

from pympi import Eaf


def annotation(number, begin, end, value):
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="{begin}" TIME_SLOT_REF2="{end}">'
        f'<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>'
    )


slots = ''.join(f'<TIME_SLOT TIME_SLOT_ID="ts{i}" TIME_VALUE="{i}000"/>' for i in (1, 2, 3))
path = Path(sys.argv[1], 'x.eaf')
path.write_text(f"""<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T10:00:00+01:00" FORMAT="3.0" VERSION="3.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/><TIME_ORDER>{slots}</TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="turn" TIER_ID="turn">{annotation(1, 'ts1', 'ts3', 'hello')}</TIER>
<TIER LINGUISTIC_TYPE_REF="emotion" PARENT_REF="turn" TIER_ID="emotion">
{annotation(2, 'ts1', 'ts2', 'joy')}{annotation(3, 'ts2', 'ts3', 'anger')}</TIER>
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="turn" TIME_ALIGNABLE="true"/>
<LINGUISTIC_TYPE CONSTRAINTS="Time_Subdivision" LINGUISTIC_TYPE_ID="emotion" TIME_ALIGNABLE="true"/>
<CONSTRAINT DESCRIPTION="" STEREOTYPE="Time_Subdivision"/>
</ANNOTATION_DOCUMENT>""")
document = Eaf(str(path))
before = document.get_annotation_data_for_tier('emotion')
document.shift_annotations(500)
after = document.get_annotation_data_for_tier('emotion')
print('pympi-ling 1.71, shared slots, shifted by 500:', before, '->', after)
assert before == [(1000, 2000, 'joy'), (2000, 3000, 'anger')]
assert after == [(2000, 3000, 'joy'), (3000, 4000, 'anger')], 'this changed'

document = Eaf()
document.add_tier('emotion')
for begin, end, value in ((100, 1100, 'joy'), (1100, 2000, 'anger')):
    document.add_annotation('emotion', begin, end, value)
document.shift_annotations(-200)
after = document.get_annotation_data_for_tier('emotion')
print('pympi-ling 1.71, slots of their own, shifted by -200: 100 to 1100, 1100 to 2000 ->', after)
assert after == [(0, 1100, 'joy'), (900, 1800, 'anger')], 'this changed'
PY
