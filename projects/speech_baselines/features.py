"""Features of whole recordings that need no training: openSMILE's two standard sets, and statistics of the log-mel.

Shapes: D features.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from mmavf.datasets.clip_boundary import ClipBoundary
from mmavf.datasets.deep_check import opened_seconds
from mmavf.datasets.media import SAMPLE_RATE_HZ, Channel
from mmavf.datasets.transforms import OpenClip, ReadAudio
from mmavf.datasets.transforms.log_mel import log_mel
from mmavf.errors import ClipError, ConfigError

Extractor = Callable[[np.ndarray], np.ndarray]
OPENSMILE = dict(egemaps='eGeMAPSv02', compare='ComParE_2016')  # name here: name there
SETS = (*OPENSMILE, 'log-mel')
FULL_SCALE = 32767 / 32768  # of samples of 16 bits, which openSMILE makes of all


def extractor(name: str) -> Extractor:
    """Return the function that maps a waveform, (N,) float32, mono 16 kHz, to features, (D,) float64.

    They are NaN where the waveform is too short.

    Args:
        name: One of `SETS`. 'egemaps': the 88 functionals of eGeMAPS v02 (Eyben et al. 2016). 'compare': the 6373 of
            ComParE 2016 (Schuller et al. 2016). 'log-mel': mean and standard deviation over time of 128 mel bins.

    Raises:
        ConfigError: openSMILE is needed and not installed.
    """
    if name == 'log-mel':
        return _log_mel_statistics
    try:
        import opensmile
    except ImportError as error:
        raise ConfigError(f"{name} needs openSMILE ({error}): pip install 'mmavf[opensmile]'") from error
    functionals = opensmile.Smile(
        feature_set=opensmile.FeatureSet[OPENSMILE[name]], feature_level=opensmile.FeatureLevel.Functionals
    )

    def extract(waveform: np.ndarray) -> np.ndarray:
        waveform = np.clip(waveform, -1.0, FULL_SCALE)  # openSMILE wraps what is louder round to the other sign
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # of too short a clip
            return functionals(waveform, SAMPLE_RATE_HZ).astype(np.float64).ravel()  # (1, D, 1) -> (D,)

    return extract


def features_of(clip: Mapping[str, Any], extract: Extractor, channel: Channel = None) -> np.ndarray:
    """Return the features of a clip, (D,) float64.

    Args:
        clip: What the pipeline of a data set gets for it.
        extract: See `extractor`.
        channel: Of its sound, as `audio_channel` of `OpenClip`.

    Raises:
        ClipError: It has no sound, is damaged, or too short for the features.
    """
    with ClipBoundary(clip['audio_path'] or clip['video_path']):
        opened = OpenClip(('audio',), audio_channel=channel).transform(dict(clip))
        start = opened['frame_times'][0]
        opened['window_sec'] = np.array([[start, start + opened_seconds(opened)]])
        values = extract(ReadAudio().transform(opened)['waveforms'][0])
        if not np.isfinite(values).all():
            raise ClipError('its sound is too short: features are not finite')
        return values


def _log_mel_statistics(waveform: np.ndarray) -> np.ndarray:
    mel = log_mel(torch.from_numpy(waveform)).double()  # (M, 128)
    if not len(mel):
        return np.full(2 * mel.shape[1], np.nan)
    return torch.cat([mel.mean(dim=0), mel.std(dim=0, correction=0)]).numpy()
