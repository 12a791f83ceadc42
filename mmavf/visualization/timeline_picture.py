"""A timeline as a picture: frames, log-mel and predictions over one axis of time."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from mmavf.datasets.media import FrameReader, SoundReader
from mmavf.errors import printable
from mmavf.files.atomic_file import replacing
from mmavf.timeline import Timeline, tracks_of

from .frame_strip import SmallFrame, small_frames
from .long_mel import long_mel
from .score_panel import draw_track, legend_of, shown_classes

WIDTH, DPI = 14.0, 100  # in inches
PANEL_WIDTH = 0.93 * WIDTH
STRIP_HEIGHTS = 0.5, 1.6
MAX_TRACKS = 6
MEL_RANGE = 14.0  # from the loudest values down, in natural logarithms of power: 61 dB
TICKS_SEC = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MINUTES_FROM_SEC = 120.0
CHARACTERS = 170  # of a line of the caption


def draw_timeline(timeline: Timeline, path: Path, frames: FrameReader | None, sound: SoundReader | None) -> None:
    """Write a PNG: a strip of frames, the log-mel spectrogram, and a panel of predictions per track.

    Of more than six tracks the longest six are drawn. A recording without windows gives a picture that says so.

    Args:
        timeline: The timeline.
        path: PNG file to write, atomically.
        frames: The frames of the recording; None to draw none.
        sound: Its sound; None to draw none.

    Raises:
        ClipError: The recording is damaged.
        OSError: The file cannot be written.
    """
    tracks = _longest(timeline)
    strip = small_frames(timeline, frames) if frames is not None else []
    heights = [_strip_height(strip)] if strip else []
    heights += [1.3] * (sound is not None) + [1.5 if len(tracks) < 4 else 1.2] * max(len(tracks), 1)
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.35 * len(heights) + 0.8), layout='constrained')
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0])
    _format_time(panels[-1], timeline.source.start_sec, timeline.source.end_sec)
    rest = iter(panels)
    if strip:
        _draw_strip(next(rest), strip, timeline.source.end_sec - timeline.source.start_sec)
    if sound is not None:
        _draw_mel(next(rest), timeline, sound)
    _draw_tracks(list(rest), timeline, tracks)
    title = f'{Path(timeline.source.path).name}  ·  {timeline.model.name}'
    figure.suptitle(printable(title), fontsize=13, parse_math=False)
    panels[-1].set_xlabel(_caption(timeline, len(tracks)), fontsize=9, parse_math=False)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, format='png')


def _longest(timeline: Timeline) -> list[int | None]:
    """Return the tracks to draw, in their order: those with the most time in windows."""
    tracks = tracks_of(timeline)

    def length_sec(track: int | None) -> float:
        """Return the time from the first window of a track to its last."""
        windows = timeline.windows_of(track)
        return max((w.end_sec for w in windows), default=0.0) - min((w.start_sec for w in windows), default=0.0)

    longest = sorted(tracks, key=length_sec, reverse=True)[:MAX_TRACKS]
    return [track for track in tracks if track in longest]


def _strip_height(strip: Sequence[SmallFrame]) -> float:
    height, width = strip[0].pixels.shape[:2]
    return float(np.clip(PANEL_WIDTH / 12 * height / width, *STRIP_HEIGHTS))


def _draw_strip(panel: Axes, strip: Sequence[SmallFrame], length_sec: float) -> None:
    height, width = strip[0].pixels.shape[:2]
    share = min(1 / 12, _strip_height(strip) * width / height / PANEL_WIDTH)
    half_sec = 0.49 * share * length_sec
    limits = panel.get_xlim()
    for frame in strip:
        extent = (frame.centre_sec - half_sec, frame.centre_sec + half_sec, 0.0, 1.0)
        panel.imshow(frame.pixels, extent=extent, aspect='auto', interpolation='antialiased')
    panel.set(xlim=limits, ylim=(0, 1), yticks=[])
    panel.spines[:].set_visible(False)
    panel.tick_params(bottom=False)


def _draw_mel(panel: Axes, timeline: Timeline, sound: SoundReader) -> None:
    source = timeline.source
    mel = long_mel(sound, source.start_sec, source.end_sec)
    limits = panel.get_xlim()
    panel.set_facecolor('#dddddd')  # shows through where there is no sound
    if not np.isnan(mel).all():
        high = float(np.nanpercentile(mel, 99.8))
        extent = (source.start_sec, source.end_sec, 0.0, 1.0)
        panel.imshow(mel, extent=extent, aspect='auto', origin='lower', cmap='magma', vmin=high - MEL_RANGE, vmax=high)
    panel.set(xlim=limits, yticks=[], ylabel='log-mel')
    panel.spines[:].set_visible(False)


def _draw_tracks(panels: Sequence[Axes], timeline: Timeline, tracks: Sequence[int | None]) -> None:
    if not timeline.windows:
        middle = (timeline.source.start_sec + timeline.source.end_sec) / 2
        panels[0].text(middle, 0.5, 'No prediction: this recording has no window.', ha='center', va='center', size=13)
        panels[0].set(ylim=(0, 1), yticks=[])
        return
    shown = shown_classes(timeline)
    for panel, track in zip(panels, tracks, strict=True):
        draw_track(panel, timeline, track, shown)
    panels[0].figure.legend(
        *legend_of(timeline, shown), loc='outside lower center', ncols=min(len(shown) + 1, 8), frameon=False, fontsize=9
    )


def _format_time(panel: Axes, start_sec: float, end_sec: float) -> None:
    end_sec = max(end_sec, start_sec + 0.01)
    panel.set_xlim(start_sec, end_sec)
    step = next((tick for tick in TICKS_SEC if (end_sec - start_sec) / tick <= 16), TICKS_SEC[-1])
    panel.xaxis.set_major_locator(MultipleLocator(step))
    if end_sec >= MINUTES_FROM_SEC:
        panel.xaxis.set_major_formatter(FuncFormatter(lambda time, _: clock(time)))


def clock(time_sec: float) -> str:
    """Return a time as m:ss, or h:mm:ss from one hour on."""
    minutes, seconds = divmod(round(time_sec), 60)
    return f'{minutes // 60}:{minutes % 60:02}:{seconds:02}' if minutes >= 60 else f'{minutes}:{seconds:02}'


def _caption(timeline: Timeline, drawn: int) -> str:
    """Return what is to be said below the panels, in lines."""
    lines = [] if timeline.source.end_sec >= MINUTES_FROM_SEC else ['seconds']
    left_out = len(tracks_of(timeline)) - drawn
    if left_out:
        lines.append(f'The {drawn} longest tracks; {left_out} shorter ones are not drawn.')
    missing = sorted({modality for window in timeline.windows for modality in window.missing})
    if missing:
        what = ' or '.join('sound' if modality == 'audio' else modality for modality in missing)
        lines.append(f'Hatched: windows without {what}; the model got mean tokens in place of it.')
    lines += [fill(printable(note), CHARACTERS) for note in timeline.notes]
    return '\n'.join(lines)
