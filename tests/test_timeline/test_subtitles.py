import re

import numpy as np

from mmavf.timeline import Window, spans_of, write_srt
from tests.helpers.timelines import classifier, regressor, source, timeline, windows


def parsed(path):
    """Subtitles by an independent reading: start and end in seconds, lines."""
    cues = []
    for number, block in enumerate(path.read_bytes().decode('utf-8').strip().split('\n\n'), 1):
        head, times, *lines = block.split('\n')
        assert int(head) == number
        found = re.fullmatch(r'(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})', times)
        h, m, s, ms, *end = map(int, found.groups())
        cues.append((3600 * h + 60 * m + s + ms / 1000, 3600 * end[0] + 60 * end[1] + end[2] + end[3] / 1000, lines))
    return cues


def test_subtitles_say_what_the_nearest_window_says(tmp_path):
    model = classifier(('Ärger', 'Freude', '中性'))
    line = timeline(
        source(end_sec=4000),
        model,
        windows=[*windows(model, 1, 0, 30), *windows(model, 2, 12, 40, seed=1), *windows(model, 1, 3650, 3670, seed=2)],
    )
    write_srt(line, tmp_path / 'a.srt')
    cues = parsed(tmp_path / 'a.srt')
    assert all(one[1] <= other[0] for one, other in zip(cues, cues[1:], strict=False))
    for time in np.arange(0.05, 3675, 0.3):
        expected = []
        for track in (1, 2):
            expected += [
                f'face {track}: {line.label(span.window)}'
                for span in spans_of(line, track)
                if span.start_sec <= time < span.end_sec
            ]
        near_edge = any(abs(time - edge) < 0.002 for cue in cues for edge in cue[:2])
        shown = [row for start, end, rows in cues if start <= time < end for row in rows]
        assert near_edge or [row.rsplit(' ', 2)[0] for row in shown] == expected


def test_one_track_needs_no_name_and_values_are_those_of_the_window(tmp_path):
    line = timeline(source(), regressor(), windows=[Window(None, 3723.5, 3726.0604, (0.5, -0.25))])
    write_srt(line, tmp_path / 'a.srt')
    expected = '1\n01:02:03,500 --> 01:02:06,060\nvalence 0.50, arousal -0.25\n'
    assert (tmp_path / 'a.srt').read_text(encoding='utf-8') == expected


def test_a_timeline_without_windows_gives_an_empty_file(tmp_path):
    write_srt(timeline(source(), classifier()), tmp_path / 'a.srt')
    assert (tmp_path / 'a.srt').read_bytes() == b''
