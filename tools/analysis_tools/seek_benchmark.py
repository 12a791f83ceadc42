"""Time of reading a window at the end of a long file, as a multiple of one at its beginning.

    python tools/analysis_tools/benchmark.py --seek CLIP

The clip is repeated, without encoding it again, until it is `--seek-minutes` long, as mp4 and as Matroska; both windows
show the same part of it. They are read in turn, together with the one at the end as it is read from the beginning of
the file, with which it has to agree bit for bit.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from mmavf.cli.program import UsageError
from mmavf.datasets.media import MediaFile, demux

WINDOW_SEC = 2.56
FORMATS = ('mp4', 'mkv')


def repeat(source: Path, target: Path, seconds: float) -> tuple[float, int]:
    """Write a clip again and again into one file; return the length of the clip in seconds, and how often it is there.

    Args:
        source: The clip.
        target: The file; its suffix decides the container.
        seconds: Its least length.
    """
    with av.open(str(source)) as clip, av.open(str(target), 'w') as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in _streams(clip)}
        packets = [packet for packet in clip.demux(list(_streams(clip))) if packet.dts is not None]
        # encoders begin before 0 with their delay
        begin = min(packet.dts * packet.time_base for packet in packets)
        length = max((packet.pts + packet.duration) * packet.time_base for packet in packets) - begin
        count = int(seconds / length) + 1
        fields = [(p, p.pts, p.dts, p.duration, p.time_base, copies[p.stream_index]) for p in packets]
        for turn in range(count):
            for packet, pts, dts, duration, unit, copy in fields:  # muxing changes them
                shift = round(turn * length / unit)
                packet.time_base, packet.stream = unit, copy
                packet.pts, packet.dts, packet.duration = pts + shift, dts + shift, duration
                out.mux(packet)
    return float(length), count


def _streams(container: av.container.InputContainer) -> Iterator[av.stream.Stream]:
    best = container.streams.best('video'), container.streams.best('audio')
    return (stream for stream in best if stream is not None)


def read(path: Path, start_sec: float) -> list[np.ndarray]:
    """Open a file and read the window at `start_sec`: 16 frames, and the sound if there is any."""
    media = MediaFile(str(path), start_sec, start_sec + WINDOW_SEC)
    if media.video is None:
        raise UsageError(f'{path}: --seek wants a video')
    frames = media.video.read_frames(np.linspace(0, len(media.video.frame_times) - 1, 16).astype(int).tolist())
    return frames if media.audio is None else [*frames, media.audio.read_audio(start_sec, start_sec + WINDOW_SEC)]


def measure(path: Path, starts_sec: dict[str, float], repeats: int) -> dict[str, float]:
    """Return the median milliseconds of reading each window, and of the last as read from the beginning of the file."""
    seek_from_sec = demux.SEEK_FROM_SEC
    spent: dict[str, list[float]] = {}
    found: dict[str, list[np.ndarray]] = {}
    for _ in range(repeats):
        for name, start_sec in [*starts_sec.items(), ('end, read from the beginning', starts_sec['end'])]:
            demux.SEEK_FROM_SEC = seek_from_sec if name in starts_sec else float('inf')
            before = time.perf_counter()
            found[name] = read(path, start_sec)
            spent.setdefault(name, []).append(1000 * (time.perf_counter() - before))
    demux.SEEK_FROM_SEC = seek_from_sec
    for mine, other in zip(found['end'], found['end, read from the beginning'], strict=True):
        np.testing.assert_array_equal(mine, other)
    return {name: statistics.median(values) for name, values in spent.items()}


def run(args: argparse.Namespace) -> None:
    """Print a table with a row per container."""
    print('| container | size / MB | beginning / ms | end / ms | end : beginning | read from the beginning / ms |')
    print('|---|---|---|---|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        for suffix in FORMATS:
            path = Path(folder) / f'long.{suffix}'
            length, count = repeat(Path(args.seek), path, 60 * args.seek_minutes)
            first = min(0.5, length / 4)
            figures = measure(path, {'beginning': first, 'end': first + (count - 2) * length}, args.seek_repeats)
            beginning, end, whole = figures.values()
            size = os.path.getsize(path) / 1e6
            print(f'| {suffix} | {size:.0f} | {beginning:.1f} | {end:.1f} | {end / beginning:.2f} | {whole:.0f} |')
