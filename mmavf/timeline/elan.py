"""A timeline as an annotation document of ELAN (.eaf), linked to its recording."""

import mimetypes
import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from mmavf.errors import ConfigError
from mmavf.files.atomic_file import replacing
from mmavf.version import __version__

from .spans import Run, describe, runs_of, track_name, tracks_of, without
from .subtitles import milliseconds
from .timeline import Timeline

if TYPE_CHECKING:
    from pympi import Eaf

LABELS, SCORES = 'prediction', 'probability'  # kinds of tiers


def write_eaf(timeline: Timeline, path: Path) -> None:
    """Write a tier per track, with an annotation for each run of equal labels, as in the subtitles.

    Of a classification a dependent tier holds the mean probability of each annotation. Of a regression each window is
    an annotation with its values. Times are those of the recording, in milliseconds. The recording is linked by its
    absolute and relative path, if it is a file.

    Raises:
        ConfigError: The package pympi-ling is not installed.
        OSError: It cannot be written.
    """
    try:
        from pympi import Eaf
    except ImportError as error:
        raise ConfigError(
            'ELAN files are written by the package pympi-ling, which is not installed: pip install pympi-ling'
        ) from error
    document = Eaf(author=f'mmavf {__version__}')
    # pympi writes offsets of time zones that are no whole hours wrongly
    document.adocument['DATE'] = datetime.now(timezone.utc).isoformat(timespec='seconds')
    document.add_linguistic_type(LABELS)
    document.add_linguistic_type(SCORES, 'Symbolic_Association', timealignable=False)
    document.remove_tier('default')
    document.remove_linguistic_type('default-lt')
    for track in tracks_of(timeline):
        _add_tier(document, timeline, track_name(track), runs_of(timeline, track))
    _sort_slots(document)
    _link(document, Path(timeline.source.path), path)
    with replacing(path) as temporary:
        document.to_file(str(temporary))


def _add_tier(document: 'Eaf', timeline: Timeline, name: str, runs: Sequence[Run]) -> None:
    classes = timeline.model.kind == 'classification'
    scores = f'{name} {SCORES}'
    document.add_tier(name, LABELS)
    if classes:
        document.add_tier(scores, SCORES, parent=name)
    for run in runs:
        start, end = milliseconds(run.start_sec), milliseconds(run.end_sec)
        if start == end:
            continue
        best = max(range(len(run.scores)), key=run.scores.__getitem__)
        text = timeline.model.names[best] + without(run.missing) if classes else describe(timeline, run)
        document.add_annotation(name, start, end, text)
        if classes:
            document.add_ref_annotation(scores, name, (start + end) // 2, f'{run.scores[best]:.3f}')


def _sort_slots(document: 'Eaf') -> None:
    """Number the time slots by time: ELAN reads their order as the order in time."""
    slots = document.timeslots
    names = {old: f'ts{number}' for number, old in enumerate(sorted(slots, key=slots.__getitem__), 1)}
    document.timeslots = {names[old]: slots[old] for old in names}
    for aligned, *_ in document.tiers.values():
        for key, (start, end, *rest) in aligned.items():
            aligned[key] = (names[start], names[end], *rest)


def _link(document: 'Eaf', recording: Path, path: Path) -> None:
    if not recording.is_file():
        return
    relative = Path(os.path.relpath(recording.resolve(), path.resolve().parent)).as_posix()
    kind = mimetypes.guess_type(recording.name)[0] or 'unknown'
    document.add_linked_file(recording.resolve().as_uri(), relative if relative[0] == '.' else f'./{relative}', kind)
