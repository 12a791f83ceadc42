"""A timeline as subtitles (SubRip, .srt), which every player shows over the recording."""

from collections import defaultdict
from pathlib import Path

from mmavf.files.atomic_file import write_atomically
from mmavf.files.markdown import in_one_line

from .spans import describe, runs_of, track_name, tracks_of
from .timeline import Timeline


def write_srt(timeline: Timeline, path: Path) -> None:
    """Write subtitles in UTF-8: a line for each track that has a prediction, with its name where there are several.

    At each instant the window counts whose centre is nearest. Adjacent windows with one label are one subtitle with the
    mean probability; of a regression each window is one, with its values.

    Raises:
        OSError: It cannot be written.
    """
    cues = _cues(timeline)
    blocks = [
        f'{number}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n' for number, (start, end, text) in enumerate(cues, 1)
    ]
    write_atomically(path, '\n'.join(blocks))


def _cues(timeline: Timeline) -> list[tuple[int, int, str]]:
    """Return start and end in milliseconds, and text, of every subtitle; no two overlap."""
    tracks = tracks_of(timeline)
    changes: dict[int, dict[int, str]] = defaultdict(dict)  # time -> place of a track -> its line from then on
    for place, track in enumerate(tracks):
        name = f'{track_name(track)}: ' if len(tracks) > 1 else ''
        for run in runs_of(timeline, track):
            changes[milliseconds(run.start_sec)][place] = in_one_line(name + describe(timeline, run))
            changes[milliseconds(run.end_sec)][place] = ''
    edges, lines = sorted(changes), [''] * len(tracks)
    cues: list[tuple[int, int, str]] = []
    for start, end in zip(edges, edges[1:], strict=False):
        for place, line in changes[start].items():
            lines[place] = line
        if text := '\n'.join(filter(None, lines)):
            cues.append((start, end, text))
    return cues


def milliseconds(time_sec: float) -> int:
    """Return a time in whole milliseconds, from 0: players' files know no earlier one."""
    return max(round(1000 * time_sec), 0)


def _stamp(time_ms: int) -> str:
    seconds, thousandths = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f'{minutes // 60:02}:{minutes % 60:02}:{seconds:02},{thousandths:03}'
