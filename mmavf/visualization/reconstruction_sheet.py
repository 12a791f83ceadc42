"""A sheet of clips with their masked and reconstructed versions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from torch import Tensor

from mmavf.structures.spacing import evenly_spaced

from .reconstruction import Reconstruction

GREY = 0.5
FRAMES_SHOWN = 8  # at most
MEL_WIDTH = 2.2  # in frames
CHARACTERS_PER_INCH = 13  # of the caption
ROWS = ('original', 'seen by the encoder', 'reconstruction')


def draw_reconstruction_sheet(
    reconstructions: Mapping[str, Reconstruction], names: Sequence[str], path: Path, title: str = ''
) -> None:
    """Write a PNG with three rows per clip: original, what the encoder saw (the rest grey), reconstruction.

    One column per modality: some frames spread over the clip, the log-mel (time to the right, pitch upwards).

    Args:
        reconstructions: Of each modality, each of B clips: (B, 3, T, H, W) or (B, 1, time, mel).
        names: B names to print above the clips.
        path: PNG file to write.
        title: Heading of the sheet.
    """
    widths = [_width(part) for part in reconstructions.values()]
    width = max(6.0, 1.57 * sum(widths))  # inches
    figure = Figure(figsize=(width, 4.6 * len(names) + 1.3), layout='constrained')
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=13)
    lines = [fill(line, int(CHARACTERS_PER_INCH * width)) for line in caption(reconstructions).splitlines()]
    figure.supxlabel('\n'.join(lines), fontsize=10)
    blocks = figure.subfigures(len(names), 1, squeeze=False)[:, 0]
    for number, (block, name) in enumerate(zip(blocks, names, strict=True)):
        _draw_clip(block, [_three_rows(part, number) for part in reconstructions.values()], widths, name)
    figure.savefig(path, dpi=100)


def caption(reconstructions: Mapping[str, Reconstruction]) -> str:
    """Return the caption: what the sheet shows, and the errors."""
    relative = [name for name, part in reconstructions.items() if part.relative]
    errors = ', '.join(f'{name} {part.error.item():.4f}' for name, part in reconstructions.items())
    lines = ['Reconstruction: hidden patches as predicted, seen patches as in the original.']
    if relative:
        lines.append(
            f'Predictions of {" and ".join(relative)} are relative to the mean and deviation of a patch; the picture '
            'takes both from the original patch.'
        )
    lines.append(f'Mean squared error of the hidden patches, in units of the loss: {errors}.')
    return '\n'.join(lines)


def _three_rows(part: Reconstruction, number: int) -> list[np.ndarray]:
    """Original, seen (NaN = hidden) and pasted of one clip, (channels, *size) each."""

    def array(x: Tensor) -> np.ndarray:
        """Return the tensor of that clip as an array."""
        return x[number].cpu().numpy()

    original, hidden = array(part.original), array(part.hidden)
    return [original, np.where(hidden, np.nan, original), array(part.pasted)]


def _width(part: Reconstruction) -> float:
    """Return the width of a modality's column, in the widths of a square frame."""
    if part.original.dim() == 4:
        return MEL_WIDTH
    frames, height, width = part.original.shape[2:]
    return min(FRAMES_SHOWN, frames) * width / height


def _draw_clip(block: SubFigure, parts: list[list[np.ndarray]], widths: Sequence[float], name: str) -> None:
    block.suptitle(name, fontsize=11)
    panels = block.subplots(len(ROWS), len(parts), width_ratios=widths, squeeze=False)
    for column, rows in zip(panels.T, parts, strict=True):
        low, high = np.percentile(rows[0], (1, 99))
        for panel, content in zip(column, rows, strict=True):
            if content.ndim == 4:
                panel.imshow(film_strip(content))
            else:
                panel.set_facecolor((GREY,) * 3)  # shows through where the encoder saw nothing
                panel.imshow(content[0].T, origin='lower', aspect='auto', vmin=low, vmax=high, interpolation='nearest')
            _hide_ticks(panel)
    for panel, label in zip(panels[:, 0], ROWS, strict=True):
        panel.set_ylabel(label, fontsize=9)


def film_strip(video: np.ndarray) -> np.ndarray:
    """Lay frames spread over the clip side by side.

    Args:
        video: Pixels in [0, 1], (3, T, H, W); NaN becomes grey.

    Returns:
        Float array (H, frames * W, 3) in [0, 1].
    """
    shown = evenly_spaced(video.shape[1], FRAMES_SHOWN)
    frames = video[:, shown].transpose(2, 1, 3, 0)  # (3, frames, H, W) -> (H, frames, W, 3)
    strip = frames.reshape(frames.shape[0], -1, 3)
    return np.where(np.isnan(strip), GREY, strip).clip(0.0, 1.0)


def _hide_ticks(panel: Axes) -> None:
    panel.set_xticks([])
    panel.set_yticks([])
