"""Log-mel spectrogram of the waveforms."""

import math
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from mmcv.transforms import BaseTransform
from torchaudio.compliance import kaldi

from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS

from ..media import SAMPLE_RATE_HZ, Channel

# Statistics of AudioSet's log-mel values.
AUDIOSET_MEAN = -4.2677393
AUDIOSET_STD = 4.5689974
SHIFT_MS = 10.0
FRAME_MS = 25.0
# The log-mel value of digital silence: Kaldi's filter bank lets no energy be less than float32's epsilon.
FLOOR = math.log(torch.finfo(torch.float32).eps)
PADDINGS = dict(zero=0.0, floor=FLOOR)


class MelKind(NamedTuple):
    """What the values of a log-mel depend on besides the recording; each kind has its own statistics.

    Attributes:
        bins: Mel bins.
        frame_ms: Length of a frame in ms.
        audio_channel: Of the sound, as in `OpenClip`.
    """

    bins: int = 128
    frame_ms: float = FRAME_MS
    audio_channel: Channel = None

    def __str__(self) -> str:
        """Return the kind in words."""
        channel = '' if self.audio_channel is None else f', channel {self.audio_channel}'
        return f'{self.bins} mel bins, frames of {self.frame_ms:g} ms{channel}'

    @property
    def options(self) -> str:
        """Options of `mmavf data-stats` that measure this kind."""
        channel = '' if self.audio_channel is None else f' --audio-channel {self.audio_channel}'
        return f'--mel-bins {self.bins} --mel-frame-ms {self.frame_ms:g}{channel}'


def log_mel(waveform: torch.Tensor, num_bins: int = 128, frame_ms: float = FRAME_MS) -> torch.Tensor:
    """Return the Kaldi log-mel filter bank of a waveform, not normalised.

    The mean of the waveform is subtracted; frames every 10 ms, Hanning window, HTK-compatible, no energy, no dither.

    Args:
        waveform: (N,) float32, mono 16 kHz.
        num_bins: Mel bins.
        frame_ms: Length of a frame in ms.

    Returns:
        (M, num_bins) float32, no value below `FLOOR`; M = 0 where the waveform is shorter than one frame.
    """
    if len(waveform) < SAMPLE_RATE_HZ * frame_ms / 1000:
        return torch.zeros(0, num_bins)
    return kaldi.fbank(
        (waveform - waveform.mean())[None],  # (N,) -> (1, N)
        htk_compat=True,
        sample_frequency=SAMPLE_RATE_HZ,
        use_energy=False,
        window_type='hanning',
        num_mel_bins=num_bins,
        dither=0.0,
        frame_shift=SHIFT_MS,
        frame_length=frame_ms,
    )


@TRANSFORMS.register_module()
class LogMel(BaseTransform):
    """Log-mel filter bank (see `log_mel`) of one length, normalised.

    The raw values are padded or cut to `num_frames`, then normalised by (x - mean) / (2 * std), as the reference does.
    A waveform shorter than one frame is all padding.

    Required keys: `waveforms` (list of V arrays (N,), float32, mono 16 kHz).

    Added keys: `audio` ((V, num_frames, num_bins) float32 tensor). `waveforms` is removed.

    Args:
        num_bins: Mel bins.
        num_frames: Frames of the result.
        mean: Mean that normalises.
        std: Standard deviation that normalises.
        padding: What a short waveform is padded with. 'zero': the raw value 0, as the reference does; it is louder than
            nearly all speech. 'floor': `FLOOR`, which stands for silence.
        frame_ms: Length of a frame in ms. 25 is the reference's; 50 tells the harmonics of a voice apart, and its
            pitch with them.

    Raises:
        ConfigError: `padding` is something else, or frames are shorter than 10 ms or longer than the result.
    """

    def __init__(
        self,
        num_bins: int = 128,
        num_frames: int = 256,
        mean: float = AUDIOSET_MEAN,
        std: float = AUDIOSET_STD,
        padding: Literal['zero', 'floor'] = 'zero',
        frame_ms: float = FRAME_MS,
    ) -> None:
        if padding not in PADDINGS:
            raise ConfigError(f'LogMel: padding must be one of {", ".join(PADDINGS)}, not {padding!r}')
        if not SHIFT_MS <= frame_ms <= num_frames * SHIFT_MS:
            raise ConfigError(
                f'LogMel: frame_ms must be between {SHIFT_MS:g}, the step from frame to frame, and the length of '
                f'num_frames, {num_frames * SHIFT_MS:g}, not {frame_ms}'
            )
        self.num_bins = num_bins
        self.num_frames = num_frames
        self.mean = mean
        self.std = std
        self.padding = padding
        self.frame_ms = frame_ms

    def transform(self, results: dict) -> dict:
        """Replace the waveforms of `results` by log-mel spectrograms."""
        waveforms = list(results.pop('waveforms'))
        distinct = {id(waveform): waveform for waveform in waveforms}  # equal windows are one array
        mels = {key: self._padded(torch.from_numpy(waveform)) for key, waveform in distinct.items()}
        results['audio'] = (torch.stack([mels[id(waveform)] for waveform in waveforms]) - self.mean) / (2 * self.std)
        return results

    def _padded(self, waveform: torch.Tensor) -> torch.Tensor:
        mel = log_mel(waveform, self.num_bins, self.frame_ms)[: self.num_frames]
        return F.pad(mel, (0, 0, 0, self.num_frames - len(mel)), value=PADDINGS[self.padding])
