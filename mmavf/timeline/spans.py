"""Overlapping windows as spans that follow each other: what pictures and subtitles show at each instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from .timeline import Answer, Timeline, Window

SAME_SEC = 1e-3  # times closer than this are one in files that count milliseconds


class Span(NamedTuple):
    """The part of a track in which one window is shown.

    Attributes:
        start_sec: Its start.
        end_sec: Its end; no other span of the track begins before.
        window: The window that reaches over it and whose centre is nearest.
    """

    start_sec: float
    end_sec: float
    window: Window


class Run(NamedTuple):
    """Adjacent spans of a track that have the same text apart from numbers: label and missing modalities.

    Attributes:
        start_sec: Start of the first.
        end_sec: End of the last.
        scores: Mean of their scores, weighted by their lengths, K.
        missing: Their missing modalities.
    """

    start_sec: float
    end_sec: float
    scores: tuple[float, ...]
    missing: tuple[str, ...]


def tracks_of(timeline: Timeline) -> list[int | None]:
    """Return what has windows or answers: numbers of tracks, ascending; None for the sound, which comes last."""
    found = {window.track for window in timeline.windows} | {answer.track for answer in timeline.answers}
    return sorted(found, key=lambda track: (track is None, track or 0))


def track_name(track: int | None) -> str:
    """Return the name of a track: `face 2`, or `sound`."""
    return 'sound' if track is None else f'face {track}'


def spans_of(timeline: Timeline, track: int | None) -> list[Span]:
    """Return the spans of a track by time; where no window is, there is a gap between them.

    At each instant the window counts whose centre is nearest, of those that reach over it.
    """
    windows = sorted(timeline.windows_of(track), key=_centre)
    ends = [window.end_sec for window in windows]
    starts = [window.start_sec for window in windows]
    for i, (one, other) in enumerate(zip(windows, windows[1:], strict=False)):
        middle = (_centre(one) + _centre(other)) / 2
        if other.start_sec < one.end_sec:  # they overlap, not always around the middle of their centres
            ends[i] = starts[i + 1] = min(max(middle, other.start_sec), one.end_sec)
    return [Span(*span) for span in zip(starts, ends, windows, strict=True) if span[0] < span[1]]


def _centre(window: Window) -> float:
    return (window.start_sec + window.end_sec) / 2


def runs_of(timeline: Timeline, track: int | None) -> list[Run]:
    """Return the runs of a track by time: of a classification with equal labels; of a regression one per span."""
    runs = []
    for _, group in groupby(_with_keys(timeline, spans_of(timeline, track)), key=lambda pair: pair[0]):
        spans = [span for _, span in group]
        runs.append(Run(spans[0].start_sec, spans[-1].end_sec, _mean_scores(spans), spans[0].window.missing))
    return runs


def _with_keys(timeline: Timeline, spans: Sequence[Span]) -> Iterator[tuple[object, Span]]:
    """Yield each span with a key that neighbours of the same run share."""
    part, end_sec = 0, float('-inf')
    for span in spans:
        if span.start_sec - end_sec > SAME_SEC or timeline.model.kind == 'regression':
            part += 1
        end_sec = span.end_sec
        yield (part, timeline.label(span.window), span.window.missing), span


def _mean_scores(spans: Sequence[Span]) -> tuple[float, ...]:
    lengths = [span.end_sec - span.start_sec for span in spans]
    columns = zip(*(span.window.scores for span in spans), strict=True)
    return tuple(
        sum(length * score for length, score in zip(lengths, column, strict=True)) / sum(lengths) for column in columns
    )


def describe(timeline: Timeline, item: Run | Window | Answer) -> str:
    """Return a prediction in words: `happiness 81 % (without sound)`, or `valence 0.31, arousal -0.12`."""
    if timeline.model.kind == 'classification':
        best = max(range(len(item.scores)), key=item.scores.__getitem__)
        text = f'{timeline.model.names[best]} {100 * item.scores[best]:.0f} %'
    else:
        pairs = zip(timeline.model.names, item.scores, strict=True)
        text = ', '.join(f'{name} {value:.2f}' for name, value in pairs)
    return text + without(item.missing)


def without(missing: Sequence[str]) -> str:
    """Return ` (without sound)` or the like; '' if nothing is missing."""
    names = ['sound' if modality == 'audio' else modality for modality in missing]
    return f' (without {" and ".join(names)})' if names else ''
