#!/usr/bin/env bash
# pysrt 1.1.2 finds no subtitle at the moment at which one begins.
#
# at() returns "all subtitles visible at the timestamp mark". One would expect the second of two subtitles that follow each
# other, at the time written as the end of one and the start of the next (or both of them). There is none: start and
# end are both compared with `<`. At 0 there is none, either, if the first one begins there.
#
# Why it matters here: subtitles are a common form of a timeline of emotions, where one label ends as the next begins. Times
# of video frames are often exactly those of the changes; at 25 frames per second each frame at which the label
# changes would be without one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q pysrt==1.1.2
"$folder/env/bin/python" - <<'PY'
import pysrt

TIMELINE = """1
00:00:00,000 --> 00:00:01,200
joy

2
00:00:01,200 --> 00:00:02,000
anger
"""
subtitles = pysrt.from_string(TIMELINE)
seen = {}
for ms in (0, 40, 1160, 1200, 1240, 1960):
    seen[ms] = [item.text for item in subtitles.at(milliseconds=ms)]
    print(f'pysrt 1.1.2, joy 0 to 1200 ms, anger 1200 to 2000 ms: at {ms} ms {seen[ms]}')
assert seen == {0: [], 40: ['joy'], 1160: ['joy'], 1200: [], 1240: ['anger'], 1960: ['anger']}, 'this changed'
PY
