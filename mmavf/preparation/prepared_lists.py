"""The list of a prepared set."""

import csv
import io
from collections.abc import Mapping, Sequence

from mmavf.datasets.targets import CARDS, folds_by_rule

from .outcome import Outcome
from .raw_clip import RawClip

SURE_COLUMNS = ('id', 'video')


def list_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as CSV with a header; columns that are empty in all rows are left out, except id and video."""
    columns = [name for name in rows[0] if name in SURE_COLUMNS or any(row[name] for row in rows)]
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, columns, extrasaction='ignore', lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def list_rows(
    name: str, clips: Sequence[RawClip], outcomes: Sequence[Outcome], fps: float | None
) -> list[dict[str, str]]:
    """Return the rows of the list: one per face clip, in the order of `outcomes`.

    Args:
        name: Name of the data set; if its card has a rule for folds and the owners provide none, the folds follow the
            rule. They are those of the whole set, whatever part of it is left out or not yet prepared.
        clips: All clips of the raw set.
        outcomes: Outcomes of the prepared clips.
        fps: Rate of the frames if they have no times of their own.

    Raises:
        ListError: A clip lacks what the rule needs.
    """
    clip_of = {clip.id: clip for clip in clips}
    folds = _folds(name, clips)
    numbers = CARDS[name].dims if name in CARDS else sorted({column for clip in clips for column in clip.numbers})
    rows = []
    for outcome in outcomes:
        if outcome.reason:
            continue
        clip = clip_of[outcome.raw_id]
        labels = {column: f'{clip.numbers[column]:.10g}' for column in numbers} or dict(label=clip.label)
        files = dict(id=outcome.id, video=outcome.video, audio=outcome.audio)
        people = dict(subject=clip.subject, fold=folds.get(clip.id, clip.fold), group=clip.group)
        rows.append(files | labels | people | dict(fps=f'{fps:g}' if fps and outcome.video else ''))
    return rows


def _folds(name: str, clips: Sequence[RawClip]) -> dict[str, str]:
    """Return the folds that follow a rule, by id of the clip; {} if the owners provide them, or there are none."""
    if name not in CARDS or CARDS[name].folds.column != 'fold' or any(clip.fold for clip in clips):
        return {}
    rows = [dict(id=clip.id, subject=clip.subject, label=clip.label) for clip in clips]
    return dict(zip((clip.id for clip in clips), folds_by_rule(name, rows), strict=True))
