"""The contact sheet of a prepared set."""

import random
from collections.abc import Sequence
from pathlib import Path

from mmavf.datasets.transforms import OpenClip

from .contact_sheet import Strip, spread, write_contact_sheet
from .outcome import Outcome

FILE = 'contact_sheet.png'
MOST_CLIPS = 40
FRAMES = 5


def write_sheet(out: Path, outcomes: Sequence[Outcome], fps: float | None) -> None:
    """Draw some face clips, the same ones each time, with what is odd about them.

    Args:
        out: The output folder.
        outcomes: What came of the clips, one usable at least.
        fps: Rate of the frames, where they have no times of their own.
    """
    usable = [outcome for outcome in outcomes if not outcome.reason]
    places = sorted(random.Random(0).sample(range(len(usable)), min(MOST_CLIPS, len(usable))))
    partial = out / f'{FILE}.part'
    write_contact_sheet(partial, (_strip(out, usable[place], fps) for place in places), FRAMES)
    partial.replace(out / FILE)


def _strip(out: Path, outcome: Outcome, fps: float | None) -> Strip:
    clip = OpenClip(modalities=('video',)).transform(dict(video_path=str(out / outcome.video), fps=fps))
    frames = clip['video_reader'].read_frames(spread(clip['total_frames'], FRAMES))
    remarks = dict(
        faces=outcome.faces_seen > 1 and f'{outcome.faces_seen} faces at a time',
        parts=outcome.parts > 1 and f'seen in {outcome.parts} parts',
        missing=outcome.missing > 0 and f'not found in {outcome.missing:.0%} of the looks',
        silent=outcome.silent and 'silent',
    )
    return Strip(outcome.id, '; '.join(filter(None, remarks.values())), frames)
