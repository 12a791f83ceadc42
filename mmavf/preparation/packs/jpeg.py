"""Face clips as folders of JPEG frames."""

from collections.abc import Iterable
from math import inf
from pathlib import Path

import cv2
import numpy as np

from mmavf.datasets.media.frame_times import usual_interval_sec
from mmavf.errors import ConfigError
from mmavf.registry import PACKS


@PACKS.register_module()
class JpegPack:
    """A folder of JPEG frames `000001.jpg`, `000002.jpg`, ... at a constant rate.

    If the rate of the source differs, or varies, the nearest frame in time is used. The same frames give the same
    bytes.

    Args:
        fps: Frames per second.
        quality: JPEG quality, 1 to 100.

    Attributes:
        suffix: Suffix of a clip's name: none.
        fps: Rate of the frames.
        clips_per_shard: None: each clip is a folder of its own.

    Raises:
        ConfigError: An argument has an impossible value.
    """

    suffix = ''
    clips_per_shard: int | None = None

    def __init__(self, fps: float = 25.0, quality: int = 90) -> None:
        is_rate = isinstance(fps, int | float) and 0 < fps < inf
        if not is_rate or not isinstance(quality, int) or not 1 <= quality <= 100:
            raise ConfigError(
                f'JPEG frames: fps must be positive and quality in 1 ... 100, not {fps!r} and {quality!r}'
            )
        self.fps = fps
        self._options = [cv2.IMWRITE_JPEG_QUALITY, quality]

    def write(self, path: Path, frames: Iterable[np.ndarray], times_sec: np.ndarray) -> None:
        """Write one clip.

        Args:
            path: The folder to create.
            frames: (H, W, 3) uint8 RGB each, all of one size; they are consumed one by one.
            times_sec: (N,) float64 ascending from 0, one per frame, N > 0.
        """
        path.mkdir()
        number = 0
        shown = np.bincount(nearest_frames(times_sec, self.fps), minlength=len(times_sec))
        for pixels, times in zip(frames, shown, strict=True):
            if times:
                data = cv2.imencode('.jpg', cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), self._options)[1].tobytes()
            for _ in range(times):
                number += 1
                (path / f'{number:06d}.jpg').write_bytes(data)


def nearest_frames(times_sec: np.ndarray, fps: float) -> np.ndarray:
    """Return the index of the frame nearest to each moment k / fps of a clip, (M,) int64 ascending, M > 0.

    Args:
        times_sec: (N,) float64 ascending from 0, N > 0.
        fps: Moments per second; they cover the duration of the last frame, too.
    """
    end_sec = times_sec[-1] + usual_interval_sec(times_sec)
    moments = np.arange(max(1, round(end_sec * fps))) / fps
    # a moment belongs to the last frame whose halfway point from its predecessor it has reached
    halfway = (times_sec[1:] + times_sec[:-1]) / 2
    return np.searchsorted(halfway, moments, side='right')
