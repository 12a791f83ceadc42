"""Text as pixels, in a font that has more letters than those of OpenCV."""

from functools import lru_cache

import numpy as np
from matplotlib.font_manager import findfont, get_font

LINE = 1.35  # height of a line in sizes of its text


@lru_cache(maxsize=4096)
def text_pixels(text: str, size: int) -> np.ndarray:
    """Return a line of text as (round(1.35 * size), width) float32 in [0, 1], 1 = ink.

    Args:
        text: The text; a letter that DejaVu Sans lacks becomes a box, as in the figures of matplotlib.
        size: Size of the font in pixels.
    """
    font = get_font(findfont('DejaVu Sans'))
    font.set_size(size, 72)  # at 72 dots per inch a point is a pixel
    font.set_text(text, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    ink = np.asarray(font.get_image(), dtype=np.float32) / 255
    line = np.zeros((round(LINE * size), ink.shape[1]), dtype=np.float32)
    top = max(size + round(font.get_descent() / 64) - len(ink), 0)
    part = ink[: len(line) - top]
    line[top : top + len(part)] = part
    return line


def write_text(frame: np.ndarray, text: str, left: int, top: int, size: int, colour: tuple[int, int, int]) -> None:
    """Write a line of text into an RGB frame (H, W, 3) uint8, in place; what lies beyond its border is cut off."""
    if left < 0 or top < 0:
        return
    place = frame[top : top + round(LINE * size), left:]
    ink = text_pixels(text, size)[: place.shape[0], : place.shape[1], None]  # (h, w, 1)
    place = place[:, : ink.shape[1]]
    place[:] = place + ink * (np.array(colour, dtype=np.float32) - place)
