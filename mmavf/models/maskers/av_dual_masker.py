"""Audio-visual dual masking, as the paper has it."""

from collections.abc import Sequence

from torch import nn

from mmavf.registry import MODELS

from .dual_masker import DualMasker


@MODELS.register_module()
class AVDualMasker(DualMasker):
    """Encoder and decoder masks of video and audio (paper section 3.2): a `DualMasker` with the released settings.

    Args:
        video_encoder: Generator of the mask on what the video encoder sees.
        video_decoder: Generator of the mask on what the video decoder predicts.
        audio_encoder: The same for audio.
        audio_decoder: The same for audio.
        video_grid: Video tokens along (time, rows, columns).
        audio_grid: Audio tokens along (time, mel).
    """

    def __init__(
        self,
        video_encoder: dict | nn.Module = dict(type='TubeMask', mask_ratio=0.9),
        video_decoder: dict | nn.Module = dict(type='RunningCellMask', mask_ratio=0.5),
        audio_encoder: dict | nn.Module = dict(type='RandomMask', mask_ratio=0.8125),
        audio_decoder: dict | nn.Module = dict(type='RandomMask', mask_ratio=0.5),
        video_grid: Sequence[int] = (8, 10, 10),
        audio_grid: Sequence[int] = (16, 8),
    ) -> None:
        super().__init__(
            encoder=dict(video=video_encoder, audio=audio_encoder),
            decoder=dict(video=video_decoder, audio=audio_decoder),
            grids=dict(video=video_grid, audio=audio_grid),
        )
