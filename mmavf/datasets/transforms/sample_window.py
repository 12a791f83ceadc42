"""Sampling of windows of frames, and of the time that they span."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SampleWindow(BaseTransform):
    """Choose `num_clips` windows of `clip_len` frames.

    A window is every `frame_interval`-th of `clip_len * frame_interval` frames. A shorter clip repeats the last frame
    that the interval reaches. In training each window starts at random, independently of the
    others (more than one: repeated sampling from one reading of the file). In test mode a single window lies in the
    middle; several are spread evenly over the frames 0, `frame_interval`, 2 * `frame_interval`, ..., the first at their
    start, the last at their end. Where there are at most `clip_len` such frames, all would be the same: there is one.

    The window of sound goes from the time of the first frame to the time of the frame `frame_interval` after the last
    one that is shown before it is held, or of the clip's last frame (paper: 16 frames at stride 4, 2.56 s at 25 fps).

    Required keys: `frame_times` ((N,) float64, seconds).

    Added keys: `frame_inds` ((V, T) int64), `window_sec` ((V, 2) float64), `clip_len`, `frame_interval`, `num_clips`
    (V).

    Args:
        clip_len: Frames of a window (T).
        frame_interval: Source frames from one frame to the next.
        num_clips: Windows per clip (V); fewer in test mode, see above.
        clip_fps: None counts the frames of the source. A number counts frames of a video resampled to so many frames
            per second (the source frame shown at that time), for sources that are not near 25 fps.
        test_mode: Evenly spaced windows instead of random ones.

    Raises:
        ConfigError: An argument is not positive.
    """

    def __init__(
        self,
        clip_len: int = 16,
        frame_interval: int = 4,
        num_clips: int = 1,
        clip_fps: float | None = None,
        test_mode: bool = False,
    ) -> None:
        if min(clip_len, frame_interval, num_clips) < 1 or (clip_fps is not None and clip_fps <= 0):
            raise ConfigError('SampleWindow: clip_len, frame_interval, num_clips and clip_fps must be positive')
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.num_clips = num_clips
        self.clip_fps = clip_fps
        self.test_mode = test_mode

    def transform(self, results: dict) -> dict:
        """Add the windows to `results`."""
        frame_times = results['frame_times']
        starts = self._starts(self.count(frame_times))  # (V,)
        results['frame_inds'], results['window_sec'] = self.windows_at(starts, frame_times)
        results.update(clip_len=self.clip_len, frame_interval=self.frame_interval, num_clips=len(starts))
        return results

    def windows_at(self, starts: np.ndarray, frame_times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the windows that begin at given frames.

        Args:
            starts: (V,) int64, numbers of counted frames, below `count`.
            frame_times: (N,) float64, times of the source's frames in seconds.

        Returns:
            Indices of source frames, (V, T) int64, and start and end of the sound in seconds, (V, 2) float64.
        """
        count = self.count(frame_times)
        steps = starts[:, None] + np.arange(self.clip_len) * self.frame_interval  # (V, T)
        reachable = starts + (count - 1 - starts) // self.frame_interval * self.frame_interval
        shown = np.minimum(steps, reachable[:, None])  # (V, T)
        following = np.minimum(shown[:, -1] + self.frame_interval, count - 1)  # (V,)
        return (
            self._frames_at(shown, frame_times),
            self._times_at(np.stack([starts, following], axis=1), frame_times),
        )

    def count(self, frame_times: np.ndarray) -> int:
        """Return the number of counted frames: those of the source, or after resampling to `clip_fps`."""
        if self.clip_fps is None:
            return len(frame_times)
        # half a millionth of a second makes up for rounding of the stamps
        return int((frame_times[-1] - frame_times[0] + 5e-7) * self.clip_fps) + 1

    def _times_at(self, places: np.ndarray, frame_times: np.ndarray) -> np.ndarray:
        """Return the times of counted frames, without computing all of them: a gap of hours has millions."""
        return frame_times[places] if self.clip_fps is None else frame_times[0] + places / self.clip_fps

    def _frames_at(self, places: np.ndarray, frame_times: np.ndarray) -> np.ndarray:
        """Return the index of the source frame shown at each counted frame."""
        if self.clip_fps is None:
            return places
        return np.searchsorted(frame_times, self._times_at(places, frame_times) + 5e-7, side='right') - 1

    def _starts(self, count: int) -> np.ndarray:
        last = max(count - self.clip_len * self.frame_interval, 0)
        if not self.test_mode:
            return np.random.randint(0, last + 1, size=self.num_clips)
        if self.num_clips == 1:
            return np.array([last // 2])
        strided = -(-count // self.frame_interval)  # how many frames 0, interval, 2 * interval, ... there are
        spare = strided - self.clip_len
        if spare <= 0:
            return np.zeros(1, dtype=np.int64)
        return np.arange(self.num_clips) * spare // (self.num_clips - 1) * self.frame_interval
