"""Face clips as mp4 files."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np

from mmavf.datasets.media.frame_times import usual_interval_sec
from mmavf.errors import ConfigError
from mmavf.registry import PACKS

# Unit of the stamps: whole frames of all usual rates, and milliseconds, are whole numbers of it.
TIME_BASE = Fraction(1, 90000)
# of x264
PRESETS = ('ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow', 'placebo')


@PACKS.register_module()
class Mp4Pack:
    """H.264 with a key frame every few frames, so that little is decoded beside the requested frames.

    Frames keep their own times. The same frames give the same bytes.

    Args:
        gop: Frames from one key frame to the next.
        crf: Constant rate factor of x264: lower is better and larger.
        preset: Preset of x264.

    Attributes:
        suffix: Suffix of a clip's name.
        fps: None: the rate need not be constant.
        clips_per_shard: None: each clip is a file of its own.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    suffix = '.mp4'
    fps = None
    clips_per_shard = None

    def __init__(self, gop: int = 12, crf: int = 20, preset: str = 'fast') -> None:
        is_number = isinstance(gop, int) and isinstance(crf, int | float)
        if not is_number or gop < 1 or not 0 <= crf <= 51:
            raise ConfigError(f'Mp4Pack: gop must be at least 1 and crf in 0 ... 51, not gop={gop!r}, crf={crf!r}')
        if preset not in PRESETS:
            raise ConfigError(f'Mp4Pack: preset must be one of {", ".join(PRESETS)}, not {preset!r}')
        # fastdecode: a third less time for reading at a tenth more size; without B-frames, because a reader that starts
        # anywhere has to wait for them; one thread, because the number of threads changes the bytes
        self._options = dict(g=str(gop), crf=str(crf), preset=preset, tune='fastdecode', bf='0', threads='1')
        # x264's macroblock-tree look-ahead is not deterministic for one clip in some hundreds
        self._options['mbtree'] = '0'

    def write(self, path: Path, frames: Iterable[np.ndarray], times_sec: np.ndarray) -> None:
        """Write one clip to exactly `path`, whatever its suffix.

        Args:
            path: The file to write.
            frames: (H, W, 3) uint8 RGB each, all of one even size; they are consumed one by one.
            times_sec: (N,) float64 ascending from 0, one per frame, N > 0.

        Raises:
            ConfigError: The size of the frames is odd.
        """
        frames = iter(frames)
        first = next(frames)
        height, width = first.shape[:2]
        if height % 2 or width % 2:
            raise ConfigError(f'Mp4Pack: H.264 needs even sizes, not {width} x {height}: choose an even size')
        # determines the duration of the last frame
        rate = Fraction(1 / usual_interval_sec(times_sec)).limit_denominator(1001)
        # no dates or versions in the file; its index goes first, so that it can be read from front to back
        options = dict(fflags='+bitexact', movflags='+faststart')
        with av.open(str(path), 'w', format='mp4', options=options) as out:
            video = out.add_stream('libx264', rate=rate, options=self._options)
            video.width, video.height, video.pix_fmt = width, height, 'yuv420p'
            video.codec_context.time_base = video.time_base = TIME_BASE
            for time, pixels in zip(times_sec, chain([first], frames), strict=True):
                frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
                frame.pts, frame.time_base = round(time / TIME_BASE), TIME_BASE
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
