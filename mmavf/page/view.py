"""A timeline as the player's script gets it."""

from collections.abc import Collection
from typing import Any

from mmavf.timeline import Timeline, Track, describe, spans_of, track_name, tracks_of
from mmavf.visualization.palette import COLOURS
from mmavf.visualization.score_panel import OTHERS, shown_classes

from .looks import look_name


def view_of(timeline: Timeline, looks: Collection[str] = ()) -> dict[str, Any]:
    """Return plain data: what to draw for each track, and the scores that are shown at each moment.

    At each instant the window counts whose centre is nearest (see `spans_of`). Times are seconds of the recording.

    Args:
        timeline: The timeline.
        looks: Names of the pictures that there are of its windows (see `look_name`).
    """
    colours = dict(zip(shown_classes(timeline), COLOURS, strict=False))
    source, names = timeline.source, timeline.model.names
    faces = {track.number: track for track in timeline.tracks}
    return dict(
        kind=timeline.model.kind,
        names=names,
        colours=[colours.get(index, OTHERS) for index in range(len(names))],
        range=_range(timeline),
        start=source.start_sec,
        end=source.end_sec,
        size=source.size,
        tracks=[_track(timeline, track, faces.get(track or 0), looks) for track in tracks_of(timeline)],
    )


def _track(timeline: Timeline, track: int | None, face: Track | None, looks: Collection[str]) -> dict[str, Any]:
    answers = [describe(timeline, answer) for answer in timeline.answers if answer.track == track]
    spans = []
    for span in spans_of(timeline, track):
        look = look_name(track, span.window.start_sec)
        shown = look if look in looks else None
        spans.append((span.start_sec, span.end_sec, span.window.scores, span.window.missing, shown))
    place = None
    if face is not None and timeline.settings.get('detector') is not None:
        place = dict(start=face.start_sec, end=face.end_sec, times=face.times_sec, squares=face.places)
    colour = COLOURS[((track or 1) - 1) % len(COLOURS)]
    return dict(name=track_name(track), colour=colour, answer=', '.join(answers), spans=spans, face=place)


def _range(timeline: Timeline) -> tuple[float, float]:
    """Return the least and greatest score of the axis: from 0 to 1 for probabilities, at least from -1 to 1 else."""
    if timeline.model.kind == 'classification':
        return 0.0, 1.0
    highest = max((abs(score) for window in timeline.windows for score in window.scores), default=1.0)
    return -max(highest, 1.0), max(highest, 1.0)
