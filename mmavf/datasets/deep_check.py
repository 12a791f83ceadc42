"""Trial decoding of a clip's files."""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

import av
import cv2
import numpy as np
import torch
from mmengine.logging import MMLogger

from mmavf.errors import ClipError

from .clip_boundary import ClipBoundary
from .media import Channel
from .transforms import OpenClip, ReadAudio, ReadFrames, SampleSegments, SampleWindow

WINDOWS = 3  # at the beginning, in the middle, at the end


class ClipReading(NamedTuple):
    """How a data set reads its clips.

    Attributes:
        modalities: See OpenClip.
        missing_audio: See OpenClip.
        window: Arguments of the SampleWindow that chooses frames; None: SampleSegments chooses over the whole clip.
        audio_channel: See OpenClip.
    """

    modalities: tuple[str, ...] = ('video', 'audio')
    missing_audio: Literal['raise', 'silence'] = 'raise'
    window: tuple[tuple[str, Any], ...] | None = ()
    audio_channel: Channel = None

    @classmethod
    def of(cls, steps: list) -> 'ClipReading':
        """Return how the transforms of a pipeline read clips; for the opener of a plugin a plain OpenClip stands."""
        opener = next((step for step in steps if isinstance(step, OpenClip)), OpenClip())
        sampler = next((step for step in steps if isinstance(step, SampleWindow | SampleSegments)), None)
        window: tuple | None = ()
        if isinstance(sampler, SampleSegments):
            window = None
        elif sampler is not None:
            window = tuple((name, getattr(sampler, name)) for name in ('clip_len', 'frame_interval', 'clip_fps'))
        return cls(opener.modalities, opener.missing_audio, window, opener.audio_channel)


Job = tuple[Mapping[str, Any], ClipReading]


class ClipFacts(NamedTuple):
    """Result of decoding parts of a clip.

    Attributes:
        seconds: Its length; 0 if it cannot be used.
        silent: It has no sound and is given silence.
        error: Why it cannot be used; '' if it can.
    """

    seconds: float
    silent: bool
    error: str


def deep_checker() -> Callable[[tuple[int, Job]], ClipFacts]:
    """Return the function that checks the numbered jobs of a WorkerPool: input of the pipeline, how it is read."""
    cv2.setNumThreads(0)  # the clips are what runs in parallel
    torch.set_num_threads(1)
    av.logging.set_level(None)  # the errors report what FFmpeg says about broken files
    MMLogger.get_current_instance().setLevel('ERROR')  # OpenClip would mention the first clip without sound
    return _check_job


def _check_job(numbered: tuple[int, Job]) -> ClipFacts:
    return look_into(*numbered[1])


def look_into(clip: Mapping[str, Any], reading: ClipReading) -> ClipFacts:
    """Decode parts of a clip with the transforms of training.

    Three windows are read, at the beginning, in the middle and at the end: all of their sound, and the first, middle
    and last of their frames and of the clip's. Damage in between is not detected.

    Args:
        clip: Input of the pipeline.
        reading: How the clip is read.
    """
    try:
        with ClipBoundary(clip['video_path'] or clip['audio_path'], clip['audio_path']):
            return _look_into(dict(clip), reading)
    except ClipError as error:
        return ClipFacts(0.0, False, str(error))


def _look_into(clip: dict, reading: ClipReading) -> ClipFacts:
    alone = not clip['video_path'] and reading.missing_audio == 'silence'
    opener, sampler, read_frames, read_audio = _steps(reading._replace(modalities=('audio',)) if alone else reading)
    clip = sampler.transform(opener.transform(clip))
    times = clip['frame_times']
    if 'video_reader' in clip:
        inside = clip['frame_inds'].ravel()  # (V * T,)
        ends = np.array([0, len(times) - 1])
        chosen = np.concatenate([inside[[0, len(inside) // 2, -1]], ends])
        read_frames.transform(clip | dict(frame_inds=np.unique(chosen)[None]))
    if 'audio_reader' in clip:
        read_audio.transform(dict(clip))
    return ClipFacts(opened_seconds(clip), clip.get('missing_audio', False), '')


def opened_seconds(clip: dict) -> float:
    """Return the length of a clip that OpenClip has opened: to the end of its last frame, else of its sound."""
    times = clip['frame_times']
    if 'video_reader' not in clip:
        end = min(clip.get('end', math.inf), clip['audio_reader'].duration_sec)
        return float(end - clip.get('start', 0.0))
    frame_sec = (times[-1] - times[0]) / max(len(times) - 1, 1)
    return float(times[-1] - times[0] + frame_sec)


@cache
def _steps(reading: ClipReading) -> tuple[OpenClip, SampleWindow | SampleSegments, ReadFrames, ReadAudio]:
    if reading.window is None:
        sampler = SampleSegments(test_mode=True)
    else:
        sampler = SampleWindow(**dict(reading.window), num_clips=WINDOWS, test_mode=True)
    opener = OpenClip(reading.modalities, reading.missing_audio, reading.audio_channel)
    return opener, sampler, ReadFrames(), ReadAudio()
