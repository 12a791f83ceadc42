"""The sound of a raw clip as 16 kHz mono wav."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from mmavf.datasets.media import SAMPLE_RATE_HZ, Channel, open_sound
from mmavf.errors import ClipError

from .raw_clip import RawClip

# Sound with its peak below -60 dB of full scale is silence: at most the noise of a recorder.
SILENT_PEAK = 1e-3
FULL_SCALE = 32768


class SoundFacts(NamedTuple):
    """Facts about the sound of a clip.

    Attributes:
        silent: Whether it is silence.
        starts_late_sec: Seconds at the beginning without sound in the source.
        ends_early_sec: Seconds at the end without sound.
    """

    silent: bool
    starts_late_sec: float
    ends_early_sec: float


def write_sound(
    raw: Path, clip: RawClip, start_sec: float, end_sec: float, out: Path, channel: Channel = None
) -> SoundFacts:
    """Write a part of a clip's sound as mono 16 kHz wav of 16 bits.

    Loudness is unchanged; what exceeds full scale is clipped. Where the source has no sound, the wav has zeros, so that
    sound and picture stay in sync. The same source gives the same bytes.

    Args:
        raw: The set's raw folder.
        clip: The clip; its sound is in `clip.audio`, or if that is empty in `clip.video`.
        start_sec: Start of the part in seconds from the start of the clip.
        end_sec: Its end.
        out: The file to write, whatever its suffix.
        channel: Number of the channel to use, from 1, or 'mean'; None: the rule of `mix_down`.

    Raises:
        ClipError: The source has no sound, none in this part, or it is damaged, cut off or not finite.
    """
    path = str(raw / (clip.audio or clip.video))
    start, end = clip.start_sec + start_sec, clip.start_sec + end_sec
    sound = open_sound(path, start, end, channel=channel)
    if sound is None:
        raise ClipError(f'{path}: the file has no sound stream')
    late, early = max(0.0, sound.start_sec - start), max(0.0, end - sound.duration_sec)
    if late + early >= end - start:
        raise ClipError(f'{path}: no sound between {start:g} and {end:g} s')
    samples = sound.read_audio(start, end)  # (N,)
    scaled = np.rint(samples * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    soundfile.write(out, scaled, SAMPLE_RATE_HZ, subtype='PCM_16', format='WAV')
    return SoundFacts(bool(np.abs(samples).max() < SILENT_PEAK), late, early)
