"""Mixing of several sound channels into one."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from mmavf.errors import ClipError, ConfigError

# Number of a channel counted from 1, 'mean' of all, or None: the rule of `mix_down`.
Channel = int | str | None

_CENTRE, _BEHIND = sqrt(1 / 2), sqrt(1 / 8)
# The downmix to two loudspeakers of ITU-R BS.775-3, table 2 (without the low frequency effects), and the mean of those.
_WEIGHTS = dict(FL=0.5, FR=0.5, FC=_CENTRE, LFE=0.0, BL=_BEHIND, BR=_BEHIND, SL=_BEHIND, SR=_BEHIND, BC=0.5)


def check_channel(channel: Channel, owner: str) -> None:
    """Raise ConfigError if `channel` is not a valid choice; `owner` is what has the argument."""
    if channel in (None, 'mean') or (type(channel) is int and channel >= 1):
        return
    raise ConfigError(f"{owner}: a channel must be a number from 1, 'mean' (of all) or None, not {channel!r}")


def mix_down(samples: np.ndarray, names: Sequence[str], channel: Channel, path: str) -> np.ndarray:
    """Return (N,) float32 of (channels, N) float32.

    Without a choice of `channel`: the mean of one or two channels. Of more, if their names include a front centre, the
    mean of what two loudspeakers would play (ITU-R BS.775): speech in a 5.1 film is in the centre, and comes out 3 dB
    lower. Otherwise the mean of all.

    Args:
        samples: The channels.
        names: Their names, as FFmpeg abbreviates them; empty if unknown.
        channel: Number of the channel to use, from 1, or 'mean' (of all).
        path: The file, for the message.

    Raises:
        ClipError: The channel does not exist.
    """
    count = len(samples)
    if isinstance(channel, int):
        if channel > count:
            raise ClipError(f'{path}: the sound has no channel {channel}: it has {count}')
        return samples[channel - 1]
    if count == 1:
        return samples[0]
    if channel is None and count > 2 and 'FC' in names and set(names) <= _WEIGHTS.keys():
        return np.array([_WEIGHTS[name] for name in names], dtype=np.float32) @ samples  # (C,) @ (C, N) -> (N,)
    return samples.mean(axis=0)
