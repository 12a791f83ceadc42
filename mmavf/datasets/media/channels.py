"""Sound of several channels as one."""

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
    """Raise ConfigError when `channel` can be no channel; `owner` is what has the argument."""
    if channel in (None, 'mean') or (type(channel) is int and channel >= 1):
        return
    raise ConfigError(f"{owner}: a channel is a number from 1 on, 'mean' (of all) or None, not {channel!r}")


def mix_down(samples: np.ndarray, names: Sequence[str], channel: Channel, path: str) -> np.ndarray:
    """Return (N,) float32 of (channels, N) float32.

    Without a choice of `channel`: of one or two channels the mean; of more, where their names say that one is the front
    centre, what two loudspeakers would play of it (ITU-R BS.775), and the mean of these: speech of a film in 5.1 is in
    the centre, and comes 3 dB lower. Else the mean of all.

    Args:
        samples: The channels.
        names: Their names, as FFmpeg abbreviates them; empty where the file does not say.
        channel: Number of the channel to take, counted from 1, or 'mean' (of all).
        path: The file, for the message.

    Raises:
        ClipError: There is no such channel.
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
