"""A recording to predict on: a file, or arrays."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmavf.datasets.media import ArrayFrames, ArraySound, FrameReader, SoundReader
from mmavf.datasets.media.channels import Channel, check_channel
from mmavf.datasets.media.frame_times import usual_interval_sec
from mmavf.datasets.media.long_media import LongMedia
from mmavf.errors import ClipError, MissingModalityError
from mmavf.timeline import SourceInfo


@dataclass(frozen=True)
class Recording:
    """Video and sound of a recording on one clock, in seconds from the start of the file.

    Attributes:
        name: Its path, or a name for messages.
        frames: The video; None without.
        sound: The sound; None without.
        channel: Which channel of the sound this is, as `audio_channel` of `OpenClip`. A model hears the one that its
            test pipeline names, and refuses others.

    Examples:
        >>> from mmavf.apis import open_recording
        >>> recording = open_recording('clips/one.mp4')
        >>> len(recording.frames.frame_times), round(recording.sound.duration_sec, 1)
        (30, 1.2)
    """

    name: str
    frames: FrameReader | None
    sound: SoundReader | None
    channel: Channel = None

    @classmethod
    def from_arrays(
        cls,
        frames: np.ndarray | None = None,
        fps: float | None = None,
        waveform: np.ndarray | None = None,
        rate_hz: int | None = None,
        name: str = 'array',
        channel: Channel = None,
    ) -> 'Recording':
        """Return a recording of arrays that begin at the same time.

        Args:
            frames: (N, H, W, 3) uint8 RGB.
            fps: Frames per second.
            waveform: (M,) or (channels, M) float in [-1, 1].
            rate_hz: Samples per second.
            name: Its name.
            channel: Number of the channel of the waveform that is heard, from 1; 'mean' or None: the mean of all.

        Raises:
            ClipError: Neither frames nor sound, a rate or the channel is missing, or an array has another shape or
                type.
            ConfigError: `channel` has an impossible value.
        """
        if frames is None and waveform is None:
            raise ClipError(f'{name}: pass frames, a waveform, or both')
        if (frames is not None and not fps) or (waveform is not None and not rate_hz):
            raise ClipError(f'{name}: frames need fps, and a waveform needs rate_hz')
        video = None if frames is None or fps is None else ArrayFrames(frames, (np.arange(len(frames)) / fps).tolist())
        sound = None if waveform is None or rate_hz is None else ArraySound(waveform, rate_hz, channel=channel)
        return cls(name, video, sound, channel)

    def info(self) -> SourceInfo:
        """Return what a timeline says about the recording."""
        starts, ends, fps, size = [], [], None, None
        if self.frames is not None:
            times = self.frames.frame_times
            interval = usual_interval_sec(times)
            starts.append(float(times[0]))
            ends.append(float(times[-1]) + interval)
            fps = round(1 / interval, 3) if len(times) > 1 else None
            height, width = next(iter(self.frames.iter_frames([0]))).shape[:2]
            size = (width, height)
        if self.sound is not None:
            starts.append(self.sound.start_sec)
            ends.append(self.sound.duration_sec)
        return SourceInfo(
            self.name, self.frames is not None, self.sound is not None, min(starts), max(ends), fps=fps, size=size
        )


def open_recording(
    path: str | Path, modalities: Collection[str] = ('video', 'audio'), channel: Channel = None
) -> Recording:
    """Open a media file or a sound file of any length, of which only a part is in memory at a time.

    Args:
        path: The file.
        modalities: What is read, of 'video' and 'audio'; damage in the other one does not matter.
        channel: As `audio_channel` of `OpenClip`.

    Raises:
        ClipError: It cannot be read; of them MissingModalityError: it has nothing of these.
        ConfigError: `channel` has an impossible value.

    Examples:
        >>> from mmavf.apis import open_recording
        >>> open_recording('clips/one.mp4').info().size
        (64, 64)
    """
    check_channel(channel, 'open_recording')
    name = str(path)
    if Path(name).is_dir():
        raise ClipError(f'{name}: this is a folder, not a recording')
    media = LongMedia(name, kinds=tuple(modalities), channel=channel)
    recording = Recording(name, media.video, media.audio, channel)
    if recording.frames is None and recording.sound is None:
        kinds = ' nor '.join({'video': 'video', 'audio': 'sound'}[modality] for modality in modalities)
        raise MissingModalityError(f'{name}: the file has no {kinds}')
    return recording


def with_all_that_can_be_read(recording: Recording, path: str | Path) -> Recording:
    """Return a recording with that, too, of video and sound at which the model does not look, unless it is damaged.

    Args:
        recording: The recording, opened for a model.
        path: Its file.
    """
    if recording.frames is not None and recording.sound is not None:
        return recording
    try:
        whole = open_recording(path)
        whole.info()  # decodes a frame
    except ClipError:
        return recording
    frames = whole.frames if recording.frames is None else recording.frames
    sound = whole.sound if recording.sound is None else recording.sound
    return replace(recording, frames=frames, sound=sound)
