"""Log-mel spectrogram of the waveforms."""

import torch
import torch.nn.functional as F
from mmcv.transforms import BaseTransform
from torchaudio.compliance import kaldi

from mmavf.registry import TRANSFORMS

from ..media import SAMPLE_RATE_HZ

# Statistics of AudioSet's log-mel values.
AUDIOSET_MEAN = -4.2677393
AUDIOSET_STD = 4.5689974


@TRANSFORMS.register_module()
class LogMel(BaseTransform):
    """Kaldi log-mel filter bank, normalised.

    The mean of the waveform is subtracted; frames of 25 ms every 10 ms, Hanning window, HTK-compatible, no energy, no
    dither. The raw values are padded with 0 or cut to `num_frames`, then normalised by (x - mean) / (2 * std), as the
    reference does. A waveform shorter than one frame of 25 ms is all padding.

    Required keys: `waveforms` (list of V arrays (N,), float32, mono 16 kHz).

    Added keys: `audio` ((V, num_frames, num_bins) float32 tensor). `waveforms` is removed.

    Args:
        num_bins: Mel bins.
        num_frames: Frames of the result.
        mean: Mean that normalises.
        std: Standard deviation that normalises.
    """

    SHIFT_MS = 10.0
    FRAME_MS = 25.0

    def __init__(
        self, num_bins: int = 128, num_frames: int = 256, mean: float = AUDIOSET_MEAN, std: float = AUDIOSET_STD
    ) -> None:
        self.num_bins = num_bins
        self.num_frames = num_frames
        self.mean = mean
        self.std = std

    def transform(self, results: dict) -> dict:
        """Replace the waveforms of `results` by log-mel spectrograms."""
        mels = torch.stack([self._log_mel(torch.from_numpy(waveform)) for waveform in results.pop('waveforms')])
        results['audio'] = (mels - self.mean) / (2 * self.std)
        return results

    def _log_mel(self, waveform: torch.Tensor) -> torch.Tensor:
        if len(waveform) < SAMPLE_RATE_HZ * self.FRAME_MS / 1000:
            return torch.zeros(self.num_frames, self.num_bins)
        mel = kaldi.fbank(
            (waveform - waveform.mean())[None],  # (N,) -> (1, N)
            htk_compat=True,
            sample_frequency=SAMPLE_RATE_HZ,
            use_energy=False,
            window_type='hanning',
            num_mel_bins=self.num_bins,
            dither=0.0,
            frame_shift=self.SHIFT_MS,
            frame_length=self.FRAME_MS,
        )[: self.num_frames]
        return F.pad(mel, (0, 0, 0, self.num_frames - len(mel)))
