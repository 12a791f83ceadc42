"""The contact sheet: a picture with some frames of some clips, for visual inspection."""

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from mmengine.logging import MMLogger

from mmavf.datasets.clip_boundary import ClipBoundary
from mmavf.datasets.transforms import OpenClip
from mmavf.errors import ClipError
from mmavf.files.atomic_file import write_atomically
from mmavf.structures.spacing import evenly_spaced

from .outcome import Outcome

FILE = 'contact_sheet.png'
MOST_CLIPS = 40
FRAMES = 5  # of each
CELL, CAPTION, GAP = 96, 30, 6  # pixels: edge of a frame, height of the two lines below, distance of strips
FONT, TEXT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.36


class Strip(NamedTuple):
    """One clip on the sheet.

    Attributes:
        name: Id of the clip.
        remark: One short line below it; '' for none.
        frames: (S, S, 3) uint8 RGB each, no more than the sheet shows.
    """

    name: str
    remark: str
    frames: Sequence[np.ndarray]


def write_contact_sheet(path: Path, strips: Iterable[Strip], per_clip: int = 5, columns: int = 2) -> None:
    """Write a PNG with one strip of frames per clip.

    Args:
        path: The file; its name ends in .png.
        strips: At least one; memory grows with their number.
        per_clip: Frames per strip; the rest of a shorter clip is white.
        columns: Strips side by side.

    Raises:
        OSError: The file cannot be written; an old one is still there.
    """
    blocks = [_draw(strip, per_clip) for strip in strips]
    blocks += [np.full_like(blocks[0], 255)] * (-len(blocks) % columns)
    rows = [np.concatenate(blocks[i : i + columns], axis=1) for i in range(0, len(blocks), columns)]
    _, png = cv2.imencode('.png', np.concatenate(rows)[..., ::-1])
    write_atomically(path, png.tobytes())


def draw_outcomes(out: Path, outcomes: Sequence[Outcome], fps: float | None) -> None:
    """Write `contact_sheet.png`: some face clips, the same ones each time, with remarks on them.

    A face clip that cannot be read, perhaps after a crash of the machine, is logged and left out. Sound alone gets no
    sheet.

    Args:
        out: The output folder.
        outcomes: Outcomes of the clips, at least one of them usable.
        fps: Rate of the frames if they have no times of their own.
    """
    usable = [outcome for outcome in outcomes if outcome.video]
    places = sorted(random.Random(0).sample(range(len(usable)), min(MOST_CLIPS, len(usable))))
    if strips := list(_readable(out, [usable[place] for place in places], fps)):
        write_contact_sheet(out / FILE, strips, FRAMES)


def _readable(out: Path, outcomes: Sequence[Outcome], fps: float | None) -> Iterator[Strip]:
    for outcome in outcomes:
        try:
            with ClipBoundary(str(out / outcome.video)):
                strip = _strip(out, outcome, fps)
        except ClipError as error:
            MMLogger.get_current_instance().warning(f'{error}. Remove it and start the same command again.')
        else:
            yield strip


def _strip(out: Path, outcome: Outcome, fps: float | None) -> Strip:
    clip = OpenClip(modalities=('video',)).transform(dict(video_path=str(out / outcome.video), fps=fps))
    frames = clip['video_reader'].read_frames(evenly_spaced(len(clip['frame_times']), FRAMES))
    remarks = []
    if outcome.faces_seen > 1:
        remarks.append(f'{outcome.faces_seen} faces at a time')
    if outcome.parts > 1:
        remarks.append(f'seen in {outcome.parts} parts')
    if outcome.missing > 0:
        remarks.append(f'not found in {outcome.missing:.0%} of the sampled frames')
    if outcome.silent:
        remarks.append('silent')
    return Strip(outcome.id, '; '.join(remarks), frames)


def _draw(strip: Strip, per_clip: int) -> np.ndarray:
    """Return (CELL + CAPTION + GAP, per_clip * CELL + GAP, 3) uint8."""
    width = per_clip * CELL
    block = np.full((CELL + CAPTION + GAP, width + GAP, 3), 255, np.uint8)
    for i, frame in enumerate(strip.frames[:per_clip]):
        cell = cv2.resize(frame, (CELL, CELL), interpolation=cv2.INTER_AREA)
        block[:CELL, i * CELL : (i + 1) * CELL] = cell
    for line, (text, color) in enumerate(((strip.name, (0, 0, 0)), (strip.remark, (176, 0, 0)))):
        text = _fit(text, width - 4)
        cv2.putText(block, text, (2, CELL + 12 + 14 * line), FONT, TEXT_SCALE, color, 1, cv2.LINE_AA)
    return block


def _fit(text: str, width: int) -> str:
    """Return the text, cut so that it is drawn at most `width` pixels wide."""
    cut = text
    while cv2.getTextSize(cut, FONT, TEXT_SCALE, 1)[0][0] > width:
        text = text[:-1]
        cut = f'{text}...'
    return cut
