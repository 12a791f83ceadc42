"""Summary of a preparation: counts against the card's, what was left out and why, what to check."""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mmavf.datasets.targets import CARDS, Card
from mmavf.files.markdown import in_one_line, markdown_table
from mmavf.lists.natural_order import natural_order
from mmavf.lists.spellings import COLUMNS, DIFFERENCE, alike

from .outcome import Outcome
from .raw_clip import LeftOut, RawClip, RawIndex

SHOWN = 10  # of a long list of names
# A number on its own: not part of a name, as in mp4, H.264 or MPEG-4.
NUMBER = re.compile(r'(?<![\w.])(?<![A-Za-z]-)\d+(\.\d+)?(x\d+)*(?!\w|\.\d)')
SOUND_SHIFT_SEC = 0.1  # less is the usual padding of codecs
_TITLES = dict(
    several_faces='several faces at the same time: one of them was chosen',
    cut='the face is not visible throughout: of a labelled clip the longest part was used, otherwise all parts',
    face_missing='the face was not found in some sampled frames: its place was interpolated, or the clip cut',
    silent='the sound is silence',
    late_sound='the sound starts late: zeros were put before it',
    early_end='the sound ends early: zeros were put after it',
)


def summarise(
    name: str,
    index: RawIndex,
    prepared: Sequence[RawClip],
    outcomes: Sequence[Outcome],
    rows: Sequence[Mapping],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Summarise a preparation.

    Args:
        name: Name of the data set.
        index: The contents of the raw set.
        prepared: The clips that were tried, in their order.
        outcomes: Their outcomes.
        rows: Rows of the list.
        notes: Remarks of the parser on the set as a whole.

    Returns:
        JSON values; see `summary_text` for the parts.
    """
    usable = [outcome for outcome in outcomes if not outcome.reason]
    counts: dict[str, Any] = dict(
        raw_clips=len(index.clips),
        left_out_by_parser=len(index.left_out),
        tried=len(prepared),
        left_out_by_media=len(outcomes) - len(usable),
        clips=len(usable),
        hours=round(sum(outcome.seconds for outcome in usable) / 3600, 3),
    )
    lengths = [outcome.seconds for outcome in usable] or [0.0]
    quantiles = np.percentile(lengths, (0, 50, 100)).round(3).tolist()
    counts['seconds'] = dict(zip(('min', 'median', 'max'), quantiles, strict=True))
    return dict(
        dataset=name,
        counts=counts,
        left_out=_reasons(index.left_out, outcomes),
        card=against_card(name, rows),
        remarks=_remarks(usable),
        same_names=_same_names(index.clips),
        notes=[*notes, *_spelling_notes(rows)],
    )


def against_card(name: str, rows: Sequence[Mapping[str, str]]) -> list[list[Any]]:
    """Return rows of a table: what is counted, the count, the count published on the card (None: not published)."""
    card = CARDS.get(name)
    table = [['clips', len(rows), card.clips if card else None]]
    table.append(['subjects', len({row['subject'] for row in rows} - {''}), None])
    if card and card.folds.column == 'subject':
        table[-1][2] = card.folds.number
    labels = Counter(_class(card, row['label']) for row in rows if row.get('label'))
    published = dict(zip(card.classes, card.class_counts, strict=False)) if card else {}
    names = (card.classes if card else ()) or sorted(labels, key=natural_order)
    table += [[f'class {label}', labels[label], published.get(label)] for label in names]
    folds = Counter(row['fold'] for row in rows if row['fold'])
    order = sorted(folds, key=natural_order)
    held_out = [fold for fold in order if card is None or card.folds.only in ('', fold)]
    sizes = dict(zip(held_out, card.folds.test_sizes, strict=False)) if card else {}
    return table + [[f'fold {fold}', folds[fold], sizes.get(fold)] for fold in order]


def _class(card: Card | None, label: str) -> str:
    """Return the class of a label of the list."""
    return (card.label_map.get(label) or label) if card else label


def left_out_text(index: RawIndex, outcomes: Sequence[Outcome]) -> str:
    """Return everything that was left out, by the parser or because of its media, as CSV."""
    file_of = {clip.id: clip.video or clip.audio for clip in index.clips}
    text = io.StringIO(newline='')
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(('name', 'file', 'reason'))
    writer.writerows((entry.name, '', entry.reason) for entry in index.left_out)
    writer.writerows((outcome.id, file_of[outcome.raw_id], outcome.reason) for outcome in outcomes if outcome.reason)
    return text.getvalue()


def _reasons(left_out: Sequence[LeftOut], outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Return the count and the first names by reason; in reasons of media, N replaces numbers."""
    found = defaultdict(list)
    for entry in left_out:
        found[entry.reason].append(entry.name)
    for outcome in outcomes:
        if outcome.reason:
            found[NUMBER.sub('N', outcome.reason)].append(outcome.id)
    order = sorted(found, key=lambda kind: (-len(found[kind]), kind))
    return {kind: dict(number=len(found[kind]), names=found[kind][:SHOWN]) for kind in order}


def _remarks(usable: Sequence[Outcome]) -> dict[str, list[str]]:
    """Return what should be checked: kind of remark → ids."""
    tests = dict(
        several_faces=lambda o: o.faces_seen > 1,
        cut=lambda o: o.parts > 1,
        face_missing=lambda o: o.missing > 0,
        silent=lambda o: o.silent,
        late_sound=lambda o: o.starts_late_sec > SOUND_SHIFT_SEC and not o.silent,
        early_end=lambda o: o.ends_early_sec > SOUND_SHIFT_SEC and not o.silent,
    )
    return {kind: [o.id for o in usable if test(o)] for kind, test in tests.items()}


def _spelling_notes(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a sentence for each subject, fold or group that is spelled in several ways."""
    return [
        f'{column} {" and ".join(names)} differ {DIFFERENCE}: use one spelling, or training on a part of the '
        'list is refused.'
        for column in COLUMNS
        for names in alike(row[column] for row in rows if row.get(column))
    ]


def _same_names(clips: Sequence[RawClip]) -> dict[str, list[str]]:
    """Return the file names that occur in several folders, with their paths."""
    paths: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        path = clip.video or clip.audio or ''
        paths[PurePosixPath(path).name].add(path)
    return {name: sorted(own) for name, own in sorted(paths.items()) if len(own) > 1}


def summary_text(summary: Mapping[str, Any]) -> str:
    """Return the summary as Markdown."""
    counts, lengths = summary['counts'], summary['counts']['seconds']
    text = [
        f'# Preparation of {summary["dataset"]}\n',
        f'{counts["raw_clips"]:,} raw clips, of which {counts["tried"]:,} were tried; '
        f'{counts["left_out_by_parser"]:,} items left out by the parser.',
        f'They gave **{counts["clips"]:,} clips**, {counts["hours"]:.2f} hours, '
        f'{lengths["min"]:.2f} to {lengths["max"]:.2f} s long (median {lengths["median"]:.2f} s); '
        f'{counts["left_out_by_media"]:,} clips or pieces were left out.',
    ]
    text.append('\n## Counts\n\nIn the list, and as published if known.\n')
    text.append(
        markdown_table(['', 'here', 'published'], [[a, b, '' if c is None else c] for a, b, c in summary['card']])
    )
    text.append('\n## Left out\n\nAll are in `left_out.csv`.\n' if summary['left_out'] else '')
    if summary['left_out']:
        rows = [[own['number'], kind, _shown(own['names'])] for kind, own in summary['left_out'].items()]
        text.append(markdown_table(['number', 'reason', 'such as'], rows))
    remarks = {kind: ids for kind, ids in summary['remarks'].items() if ids}
    if summary['notes']:
        text.append('\n## Notes\n\n' + '\n'.join(f'* {in_one_line(note)}' for note in summary['notes']))
    if remarks or summary['same_names']:
        text.append('\n## To check\n\nAll ids are in `summary.json`.\n')
        rows = [[len(ids), _TITLES[kind], _shown(ids)] for kind, ids in remarks.items()]
        if summary['same_names']:
            names = summary['same_names']
            rows.append([len(names), 'file names in several folders, distinguished by their ids', _shown(list(names))])
        text.append(markdown_table(['number', 'what', 'such as'], rows))
    return '\n'.join(part for part in text if part) + '\n'


def _shown(names: Sequence[str]) -> str:
    return ', '.join(f'`{name}`' for name in names[:3]) + (', …' if len(names) > 3 else '')
