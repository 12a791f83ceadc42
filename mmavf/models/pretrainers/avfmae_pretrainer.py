"""AVF-MAE++ pre-training (paper section 3)."""

from typing import Literal

from torch import nn

from mmavf.registry import MODELS

from .masked_autoencoder import MaskedAutoencoder


@MODELS.register_module()
class AVFMAEPretrainer(MaskedAutoencoder):
    """Audio-visual masked autoencoder: dual masking, two encoders, correlation module, two decoders with skips.

    It is the `MaskedAutoencoder` of video and audio, whose documentation describes each argument in detail.

    Args:
        masker: Draws the masks.
        video_encoder: Video encoder; its `out_indices` are the skip and contrastive layers.
        audio_encoder: Audio encoder.
        correlation: Correlation module between encoders and decoders; None for none.
        video_decoder: Video decoder.
        audio_decoder: Audio decoder.
        video_target: What the video decoder predicts.
        audio_target: What the audio decoder predicts.
        reconstruction_loss: Loss of both modalities' predictions.
        contrastive_loss: Loss between the modalities' hidden tokens; None for none.
        decoder_positions: See `MaskedAutoencoder`.
        data_preprocessor: Prepares batches.
        init_cfg: Initialisation.

    Raises:
        ConfigError: Parts that do not fit each other.
    """

    def __init__(
        self,
        masker: dict | nn.Module,
        video_encoder: dict | nn.Module,
        audio_encoder: dict | nn.Module,
        correlation: dict | nn.Module | None,
        video_decoder: dict | nn.Module,
        audio_decoder: dict | nn.Module,
        video_target: dict | nn.Module,
        audio_target: dict | nn.Module,
        reconstruction_loss: dict | nn.Module = dict(type='MaskedMSELoss'),
        contrastive_loss: dict | nn.Module | None = dict(type='HCMCLLoss'),
        decoder_positions: Literal['released', 'exact'] = 'released',
        data_preprocessor: dict | nn.Module | None = dict(type='AVDataPreprocessor'),
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            masker=masker,
            encoders=dict(video=video_encoder, audio=audio_encoder),
            decoders=dict(video=video_decoder, audio=audio_decoder),
            targets=dict(video=video_target, audio=audio_target),
            correlation=correlation,
            reconstruction_loss=reconstruction_loss,
            contrastive_loss=contrastive_loss,
            decoder_positions=decoder_positions,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
