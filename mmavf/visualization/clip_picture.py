"""Pictures of clips as a model gets them."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmavf.structures import AVDataSample

HOP_SEC = 0.01


def draw_frames(axis: Axes, video: np.ndarray) -> None:
    """Draw frames (T, H, W, 3) in a row."""
    axis.imshow(np.concatenate(video, axis=1))  # (H, T * W, 3)
    axis.set_axis_off()


def draw_mel(axis: Axes, audio: np.ndarray, window_sec: np.ndarray) -> None:
    """Draw a log-mel (M, F) over the time of the clip."""
    start, end = window_sec
    extent = (start, start + len(audio) * HOP_SEC, 0, audio.shape[1])
    mel = axis.imshow(audio.T, origin='lower', aspect='auto', extent=extent)
    axis.axvline(end, color='white', linestyle='--', linewidth=1)
    axis.set_xlabel(f'seconds; window {start:.2f} to {end:.2f} s (dashed), padding after it')
    axis.set_ylabel('mel bin')
    axis.figure.colorbar(mel, ax=axis, pad=0.01, fraction=0.02)


def draw_clip(inputs: dict, sample: AVDataSample, path: Path) -> None:
    """Draw one item of a data set as a PNG: for each view the frames above the log-mel, or only one of them.

    Args:
        inputs: `video` (V, T, H, W, 3) uint8 and `audio` (V, M, F), or one of them.
        sample: Its data sample.
        path: The picture.
    """
    heights = [height for key, height in (('video', 1.0), ('audio', 1.6)) if key in inputs]
    views = len(sample.frame_inds)
    size = 1.25 * sample.frame_inds.shape[1], 1.46 * sum(heights) * views
    figure = Figure(figsize=size, layout='constrained')
    axes = figure.subplots(len(heights) * views, 1, height_ratios=heights * views, squeeze=False)
    label = ''.join(f'  {key[3:]} {sample.get(key).tolist()}' for key in ('gt_label', 'gt_score') if key in sample)
    for view, rows in enumerate(axes[:, 0].reshape(views, -1)):
        if 'video' in inputs:
            draw_frames(rows[0], inputs['video'][view].numpy())
        if 'audio' in inputs:
            draw_mel(rows[-1], inputs['audio'][view].numpy(), sample.window_sec[view])
        frames = f'  frames {sample.frame_inds[view].tolist()}' if 'video' in inputs else ''
        rows[0].set_title(f'{sample.sample_id}{label}  view {view}{frames}', fontsize=9)
    figure.savefig(path, dpi=80)
