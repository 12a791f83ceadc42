"""Audio-visual dual masking, as the paper has it."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from mmavf.registry import MODELS

from .dual_masker import DualMasker

_FORMER = ('video_encoder', 'video_decoder', 'audio_encoder', 'audio_decoder')


@MODELS.register_module()
class AVDualMasker(DualMasker):
    """Encoder and decoder masks of video and audio (paper section 3.2): a `DualMasker` with the released settings.

    Args:
        video_encoder_mask: Generator of the mask on what the video encoder sees.
        video_decoder_mask: Generator of the mask on what the video decoder predicts.
        audio_encoder_mask: The same for audio.
        audio_decoder_mask: The same for audio.
        video_grid: Video tokens along (time, rows, columns).
        audio_grid: Audio tokens along (time, mel).
        former: The first four by their former names, without `_mask`; read for one version, with a warning.
    """

    def __init__(
        self,
        video_encoder_mask: dict | nn.Module = dict(type='TubeMask', mask_ratio=0.9),
        video_decoder_mask: dict | nn.Module = dict(type='RunningCellMask', mask_ratio=0.5),
        audio_encoder_mask: dict | nn.Module = dict(type='RandomMask', mask_ratio=0.8125),
        audio_decoder_mask: dict | nn.Module = dict(type='RandomMask', mask_ratio=0.5),
        video_grid: Sequence[int] = (8, 10, 10),
        audio_grid: Sequence[int] = (16, 8),
        **former: dict | nn.Module,
    ) -> None:
        masks = dict(
            video_encoder=video_encoder_mask,
            video_decoder=video_decoder_mask,
            audio_encoder=audio_encoder_mask,
            audio_decoder=audio_decoder_mask,
        )
        for name, value in former.items():
            if name not in _FORMER:
                raise TypeError(f'AVDualMasker.__init__() got an unexpected keyword argument {name!r}')
            warnings.warn(f'masker.{name} is now masker.{name}_mask', FutureWarning, stacklevel=2)
            masks[name] = _overridden(masks[name], value)
        super().__init__(
            encoder=dict(video=masks['video_encoder'], audio=masks['audio_encoder']),
            decoder=dict(video=masks['video_decoder'], audio=masks['audio_decoder']),
            grids=dict(video=video_grid, audio=audio_grid),
        )


def _overridden(base: Any, value: Any) -> Any:
    """Return what a former key means: it changes the base config's mask, as it would under the present name."""
    if not isinstance(value, Mapping) or not isinstance(base, Mapping):
        return value
    value = dict(value)
    return value if value.pop('_delete_', False) else {**base, **value}
