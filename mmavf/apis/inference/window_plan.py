"""The windows of a face or of sound: those of the timeline, and those of which a test makes its answer."""

from dataclasses import dataclass

import numpy as np

from mmavf.datasets.transforms import SampleSegments, SampleWindow

from .model_input import ModelInput

EPSILON_FRAMES = 1e-6


@dataclass(frozen=True)
class PlannedWindow:
    """A window.

    Attributes:
        frame_inds: (T,) indices into the frames of its track, ascending; may repeat.
        window_sec: (2,) start and end of its sound in seconds.
        in_timeline: Whether it is one of the timeline.
        in_answer: How often it counts in the answer.
    """

    frame_inds: np.ndarray
    window_sec: np.ndarray
    in_timeline: bool
    in_answer: int

    @property
    def last(self) -> int:
        """Index of the last frame that it needs."""
        return int(self.frame_inds[-1])


def plan_windows(model_input: ModelInput, times_sec: np.ndarray, hop_sec: float) -> list[PlannedWindow]:
    """Plan the windows of one track, by time.

    Windows of the timeline begin with the track and every `hop_sec` after, as long as they end within it; if more than
    half a hop is left at its end, one more ends with it. A track that is shorter than a window gets one, which holds
    the last frame as in a test. A model of whole parts (`SampleSegments`) gets one window.

    Args:
        model_input: How the model's frames are chosen.
        times_sec: (n,) times of the track's frames.
        hop_sec: Time from one window to the next; rounded to frames of the rate at which the model counts.
    """
    sampler = model_input.sampler
    chosen = sampler.transform(dict(frame_times=times_sec))
    answer = list(zip(chosen['frame_inds'], chosen['window_sec'], strict=True))
    if isinstance(sampler, SampleSegments):
        return [PlannedWindow(*answer[0], in_timeline=True, in_answer=1)]
    starts = np.array(timeline_starts(sampler, times_sec, hop_sec))
    timeline = list(zip(*sampler.windows_at(starts, times_sec), strict=True))
    counts = [sum(_same(window, view) for view in answer) for window in timeline]
    alone = [view for view in answer if not any(_same(window, view) for window in timeline)]
    planned = [
        *(
            PlannedWindow(*window, in_timeline=True, in_answer=count)
            for window, count in zip(timeline, counts, strict=True)
        ),
        *(PlannedWindow(*view, in_timeline=False, in_answer=1) for view in alone),
    ]
    return sorted(planned, key=lambda window: (window.window_sec[0], window.last))


def timeline_starts(sampler: SampleWindow, times_sec: np.ndarray, hop_sec: float) -> list[int]:
    """Return the counted frames at which the windows of the timeline begin."""
    count = sampler.count(times_sec)
    last = max(count - sampler.clip_len * sampler.frame_interval, 0)
    hop = max(round(hop_sec * (sampler.clip_fps or _source_fps(times_sec))), 1)
    starts = list(range(0, last + 1, hop))
    return [*starts, last] if last - starts[-1] > hop / 2 else starts


def _source_fps(times_sec: np.ndarray) -> float:
    return (len(times_sec) - 1) / (times_sec[-1] - times_sec[0]) if len(times_sec) > 1 else 1.0


def _same(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> bool:
    return bool((a[0] == b[0]).all() and (a[1] == b[1]).all())
