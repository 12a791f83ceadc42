"""Statistics of the clips of a list: level of the sound, brightness of the frames, lengths.

Shapes: C = 3 colours.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
import torch
from mmengine.logging import MMLogger

from mmavf.errors import ClipError

from .clip_boundary import ClipBoundary
from .deep_check import opened_seconds
from .transforms import OpenClip, ReadAudio, ReadFrames
from .transforms.log_mel import FLOOR, MelKind, log_mel

LONGEST_SEC = 60.0  # of the sound of a clip that is looked at; of longer ones the middle
NEAR_FLOOR = 1e-3  # above the floor, in log-mel values


class ClipSums(NamedTuple):
    """What one clip adds to the statistics.

    Attributes:
        seconds: Its length; 0 if it cannot be used.
        mel: Number of its log-mel values, their sum and sum of squares, and how many are at the floor: (4,) float64.
        colours: Number of frames looked at, and sums over them of the mean of each colour and of its square, for values
            in [0, 1]: (1 + 2 C,) float64.
        error: Why it cannot be used; '' if it can.
    """

    seconds: float
    mel: np.ndarray = np.zeros(4)
    colours: np.ndarray = np.zeros(7)
    error: str = ''


def clip_measurer(modalities: Sequence[str], kind: MelKind) -> Callable[[tuple[int, Mapping[str, Any]]], ClipSums]:
    """Return the function that measures the numbered clips of a WorkerPool, given as inputs of a pipeline.

    Args:
        modalities: What is measured, of 'video' and 'audio'.
        kind: Kind of log-mel, and the channel of the sound.
    """
    cv2.setNumThreads(0)  # the clips are what runs in parallel
    torch.set_num_threads(1)
    av.logging.set_level(None)  # the errors report what FFmpeg says about broken files
    MMLogger.get_current_instance().setLevel('ERROR')  # OpenClip would mention the first clip without sound
    opener = OpenClip(modalities, missing_audio='silence', audio_channel=kind.audio_channel)
    return lambda numbered: measure(numbered[1], opener, kind)


def measure(clip: Mapping[str, Any], opener: OpenClip, kind: MelKind) -> ClipSums:
    """Decode the sound of a clip, at most its middle minute, and its first, middle and last frame.

    Args:
        clip: Input of the pipeline.
        opener: Opens what is to be measured.
        kind: Kind of log-mel.
    """
    try:
        with ClipBoundary(clip['video_path'] or clip['audio_path'], clip['audio_path']):
            return _measure(opener.transform(dict(clip)), kind)
    except ClipError as error:
        return ClipSums(0.0, error=str(error))


def _measure(clip: dict, kind: MelKind) -> ClipSums:
    seconds, times = opened_seconds(clip), clip['frame_times']
    mel, colours = np.zeros(4), np.zeros(7)
    if 'audio_reader' in clip and not clip.get('missing_audio'):
        length = min(seconds, LONGEST_SEC)
        start = times[0] + (seconds - length) / 2
        clip['window_sec'] = np.array([[start, start + length]])
        waveform = torch.from_numpy(ReadAudio().transform(clip)['waveforms'][0])
        values = log_mel(waveform, kind.bins, kind.frame_ms).double()
        at_floor = (values < FLOOR + NEAR_FLOOR).sum()
        mel = np.array([values.numel(), values.sum(), values.square().sum(), at_floor])
    if 'video_reader' in clip:
        clip['frame_inds'] = np.unique([0, len(times) // 2, len(times) - 1])[None]
        frames = np.stack(ReadFrames().transform(clip)['imgs']) / 255  # (T, H, W, C)
        moments = [(frames**power).mean(axis=(1, 2)).sum(axis=0) for power in (1, 2)]  # each (C,)
        colours = np.concatenate([[len(frames)], *moments])
    return ClipSums(seconds, mel, colours)


def summarise(clips: Sequence[ClipSums]) -> dict[str, Any]:
    """Put the sums of all clips together.

    Returns:
        Plain values: `clips`, `seconds` {total, shortest, median, longest}; where there is sound, `log_mel` {mean, std,
        share_at_floor} of the values that `LogMel` normalises, without padding; where there are frames, `frames` {mean,
        std}, each per colour, for values in [0, 1], every frame counting the same.
    """
    lengths = [clip.seconds for clip in clips]
    found: dict[str, Any] = dict(
        clips=len(clips),
        seconds=dict(total=sum(lengths), shortest=min(lengths), median=median(lengths), longest=max(lengths)),
    )
    count, total, squares, at_floor = np.sum([clip.mel for clip in clips], axis=0).tolist()
    if count:
        mean = total / count
        std = math.sqrt(max(squares / count - mean**2, 0.0))
        found['log_mel'] = dict(mean=mean, std=std, share_at_floor=at_floor / count)
    frames, *moments = np.sum([clip.colours for clip in clips], axis=0)
    if frames:
        means, squared = np.split(np.array(moments) / frames, 2)  # each (C,)
        found['frames'] = dict(mean=means.tolist(), std=np.sqrt(np.maximum(squared - means**2, 0)).tolist())
    return found
