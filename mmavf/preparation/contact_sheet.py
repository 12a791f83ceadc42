"""A picture of a few frames of each of some clips, to be looked at by people."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

CELL, CAPTION, GAP = 96, 30, 6  # pixels: edge of a frame, height of the two lines below, distance of strips
FONT, TEXT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.36


class Strip(NamedTuple):
    """What the sheet shows of a clip.

    Attributes:
        name: Id of the clip.
        remark: One short line below it; '' for none.
        frames: (S, S, 3) uint8 RGB, as many as the sheet asks for at most.
    """

    name: str
    remark: str
    frames: Sequence[np.ndarray]


def spread(count: int, number: int) -> list[int]:
    """Return `number` (or `count`, if smaller) indices out of `count`, evenly spread, first and last among them."""
    return sorted({round(float(index)) for index in np.linspace(0, count - 1, min(number, count))})


def write_contact_sheet(path: Path, strips: Iterable[Strip], per_clip: int = 5, columns: int = 2) -> None:
    """Write a PNG with one strip of frames per clip.

    Args:
        path: The file; its name ends in .png.
        strips: At least one; memory grows with their number.
        per_clip: Frames per strip; a clip with fewer leaves the rest white.
        columns: Strips side by side.

    Raises:
        OSError: The file cannot be written.
    """
    blocks = [_draw(strip, per_clip) for strip in strips]
    blocks += [np.full_like(blocks[0], 255)] * (-len(blocks) % columns)
    rows = [np.concatenate(blocks[i : i + columns], axis=1) for i in range(0, len(blocks), columns)]
    _, png = cv2.imencode('.png', np.concatenate(rows)[..., ::-1])
    path.write_bytes(png.tobytes())


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
