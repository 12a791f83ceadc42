"""Sampling of frames over the whole of a short clip."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SampleSegments(BaseTransform):
    """Choose one frame of each of `clip_len` equal segments of the clip.

    For micro-expressions: clips of 10 to 60 frames from onset to offset, filmed at high speed, that should be seen
    whole. In training each frame is drawn at random within its segment, in test mode it is the one in the middle. A
    clip of fewer frames than segments shows frames more than once; the order of time is kept.

    Required keys: `frame_times` ((N,) float64, seconds).

    Added keys: `frame_inds` ((1, T) int64), `window_sec` ((1, 2) float64: first and last frame of the clip),
    `clip_len`, `num_clips` (1).

    Args:
        clip_len: Segments, and frames of the result (T).
        test_mode: The middle of each segment in place of a random frame.

    Raises:
        ConfigError: `clip_len` is not positive.
    """

    def __init__(self, clip_len: int = 16, test_mode: bool = False) -> None:
        if clip_len < 1:
            raise ConfigError('SampleSegments: clip_len must be positive')
        self.clip_len = clip_len
        self.test_mode = test_mode

    def transform(self, results: dict) -> dict:
        """Add the frames to `results`."""
        times = results['frame_times']
        offsets = 0.5 if self.test_mode else np.random.rand(self.clip_len)
        # segment i is the frames [i, i + 1) * N / T; the place within it counts in parts of a frame
        frame_inds = ((np.arange(self.clip_len) + offsets) * len(times) / self.clip_len).astype(np.int64)
        results['frame_inds'] = frame_inds[None]  # (T,) -> (1, T)
        results['window_sec'] = np.array([[times[0], times[-1]]])
        results.update(clip_len=self.clip_len, num_clips=1)
        return results
