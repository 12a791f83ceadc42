"""Probabilities or values over time, as a panel of a picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from mmavf.timeline import Span, Timeline, describe, spans_of, track_name, tracks_of

from .palette import COLOURS

OTHERS = '#e3e3e3'  # colour of the classes that have none of their own


def shown_classes(timeline: Timeline, limit: int = len(COLOURS)) -> list[int]:
    """Return the classes or dimensions that get a colour of their own: all, or the `limit` with the highest means."""
    names = timeline.model.names
    if len(names) <= limit or not timeline.windows:
        return list(range(min(len(names), limit)))
    means = np.mean([window.scores for window in timeline.windows], axis=0)
    return sorted(np.argsort(-means, kind='stable')[:limit].tolist())


def draw_track(panel: Axes, timeline: Timeline, track: int | None, shown: Sequence[int]) -> None:
    """Draw one track: stacked probabilities in steps, or curves of values with a dot per window.

    Each window is drawn where its centre is the nearest; where no window is, the panel stays empty. Windows that lack a
    modality are hatched.

    Args:
        panel: Where to draw.
        timeline: The timeline.
        track: Number of the track; None for the sound.
        shown: Classes or dimensions with a colour of their own, from `shown_classes`.
    """
    spans = spans_of(timeline, track)
    if timeline.model.kind == 'classification':
        _draw_stack(panel, spans, shown)
    else:
        _draw_curves(panel, spans, shown)
    for span in spans:
        if span.window.missing:
            panel.axvspan(span.start_sec, span.end_sec, facecolor='none', edgecolor='#00000070', hatch='///', lw=0)
    title = track_name(track) if len(tracks_of(timeline)) > 1 or track is not None else ''
    answers = [describe(timeline, answer) for answer in timeline.answers if answer.track == track]
    panel.set_title(': '.join([*filter(None, [title]), *answers]), loc='left', fontsize=10, parse_math=False)
    panel.set_facecolor('#fafafa')
    panel.spines[['top', 'right']].set_visible(False)


def _draw_stack(panel: Axes, spans: Sequence[Span], shown: Sequence[int]) -> None:
    edges, values = _steps(spans)
    # a track of a single frame lasts no time: its panel is empty
    rows = [values[index] for index in shown] if spans else []
    if spans and len(shown) < len(values):
        rows.append(values.sum(axis=0) - sum(rows))
    colours = [*COLOURS[: len(shown)], OTHERS]
    below = np.zeros(len(edges))
    for row, colour in zip(rows, colours, strict=False):
        drawn = ~np.isnan(row)
        panel.fill_between(edges, below, below + row, where=drawn, step='post', color=colour, linewidth=0)
        below = below + row
    panel.set_ylim(0, 1)
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.set_yticks([0, 0.5, 1])


def _steps(spans: Sequence[Span]) -> tuple[np.ndarray, np.ndarray]:
    """Return the times (n,) of steps and the scores (K, n) from there on; NaN at the last time before a gap."""
    edges: list[float] = []
    values: list[Sequence[float]] = []
    for i, span in enumerate(spans):
        edges.append(span.start_sec)
        values.append(span.window.scores)
        if i + 1 == len(spans) or spans[i + 1].start_sec > span.end_sec:
            # `where` of fill_between leaves out the step that begins here, not the one that ends here
            edges += [span.end_sec, span.end_sec]
            values += [span.window.scores, [np.nan] * len(span.window.scores)]
    return np.array(edges), np.array(values).T


def _draw_curves(panel: Axes, spans: Sequence[Span], shown: Sequence[int]) -> None:
    centres: list[float] = []
    values: list[Sequence[float]] = []
    for i, span in enumerate(spans):
        if i and span.start_sec > spans[i - 1].end_sec:  # a gap breaks the line
            centres.append(span.start_sec)
            values.append([np.nan] * len(span.window.scores))
        centres.append((span.window.start_sec + span.window.end_sec) / 2)
        values.append(span.window.scores)
    dot = min(10.0, 600 / max(len(spans), 1))
    for place, index in enumerate(shown if spans else ()):
        panel.plot(centres, [row[index] for row in values], color=COLOURS[place], marker='.', markersize=dot, lw=1.5)
    finite = np.nan_to_num(np.array(values))
    low, high = (finite.min(), finite.max()) if spans else (0.0, 0.0)
    if low >= -1 and high <= 1:  # valence and arousal, as usual
        panel.set_ylim(-1.05, 1.05)
    panel.axhline(0, color='#00000040', linewidth=0.8)


def legend_of(timeline: Timeline, shown: Sequence[int]) -> tuple[list[Artist], list[str]]:
    """Return colours and names for the legend of all panels."""
    names = timeline.model.names
    handles: list[Artist] = [Patch(color=colour) for colour in COLOURS[: len(shown)]]
    labels = [names[index] for index in shown]
    if len(shown) < len(names) and timeline.model.kind == 'classification':
        handles.append(Patch(color=OTHERS))
        labels.append(f'{len(names) - len(shown)} other classes')
    return handles, labels
