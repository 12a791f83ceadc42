"""AVF-MAE++ pre-training (paper section 3).

Shapes: B batch, n visible tokens and m tokens to decode of a modality, P values of a patch, C encoder channels.
"""

from collections.abc import Mapping
from functools import partial
from typing import Literal, NamedTuple

import torch
from mmengine.model import BaseModel, ModuleDict
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..encoders import EncoderOutput
from ..maskers import TokenMask, explicit_mask

MODALITIES = ('video', 'audio')


class PretrainOutput(NamedTuple):
    """What the pre-training model computes for a batch, per modality ('video', 'audio').

    Attributes:
        masks: Which tokens were seen, decoded and counted.
        encoded: Encoder outputs.
        predictions: Predicted patch values (B, m, P) of the tokens `masks[...].decode_ids`.
    """

    masks: Mapping[str, TokenMask]
    encoded: dict[str, EncoderOutput]
    predictions: dict[str, Tensor]


@MODELS.register_module()
class AVFMAEPretrainer(BaseModel):
    """Audio-visual masked autoencoder: dual masking, two encoders, correlation module, two decoders with skips.

    Args:
        masker: Draws the masks.
        video_encoder: Video encoder; its `out_indices` are the skip and contrastive layers.
        audio_encoder: Audio encoder.
        correlation: Correlation module between encoders and decoders; None leaves it out.
        video_decoder: Video decoder; the number of its skips is that of the encoder's `out_indices`.
        audio_decoder: Audio decoder.
        video_target: What the video decoder predicts.
        audio_target: What the audio decoder predicts.
        reconstruction_loss: Loss of both modalities' predictions.
        contrastive_loss: Loss between the modalities' hidden tokens; None leaves it out.
        decoder_positions: Positions that visible tokens get in the decoder. 'reference', as released, adds them in
            raster order to tokens that are in region order, so that half of the video tokens carry another token's
            position; 'exact' gives each its own.
        data_preprocessor: Prepares batches.
        init_cfg: Initialisation.

    Raises:
        ConfigError: Parts that do not fit each other.
    """

    def __init__(
        self,
        masker: dict,
        video_encoder: dict,
        audio_encoder: dict,
        correlation: dict | None,
        video_decoder: dict,
        audio_decoder: dict,
        video_target: dict,
        audio_target: dict,
        reconstruction_loss: dict = dict(type='MaskedMSELoss'),
        contrastive_loss: dict | None = dict(type='HCMCLLoss'),
        decoder_positions: Literal['reference', 'exact'] = 'reference',
        data_preprocessor: dict | None = dict(type='AVDataPreprocessor'),
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(data_preprocessor and MODELS.build(data_preprocessor), init_cfg)
        if decoder_positions not in ('reference', 'exact'):
            raise ConfigError(f"decoder_positions is 'reference' or 'exact', not {decoder_positions!r}")
        self.decoder_positions = decoder_positions
        self.masker = MODELS.build(masker)
        self.encoders = _build_pair(video_encoder, audio_encoder)
        self.correlation = None if correlation is None else MODELS.build(correlation)
        self.decoders = _build_pair(video_decoder, audio_decoder)
        self.to_decoder = nn.ModuleDict(
            {m: nn.Linear(self.encoders[m].embed_dims, self.decoders[m].embed_dims, bias=False) for m in MODALITIES}
        )
        self.targets = _build_pair(video_target, audio_target)
        self.reconstruction_loss = MODELS.build(reconstruction_loss)
        self.contrastive_loss = None if contrastive_loss is None else MODELS.build(contrastive_loss)
        self._check_parts()

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        data_samples: list | None = None,
        mode: str = 'tensor',
        masks: Mapping[str, tuple[Tensor, Tensor]] | None = None,
    ) -> PretrainOutput | dict[str, Tensor]:
        """Run the model.

        Args:
            inputs: `video`, float (B, 3, T, H, W), normalised, and `audio`, float (B, 1, time, mel).
            data_samples: Not used: pre-training has no labels.
            mode: 'loss' for the loss terms, 'predict' or 'tensor' for the whole `PretrainOutput`.
            masks: Per modality a pair (encoder mask, decoder mask) of bool (B, N), True = masked, instead of drawn
                ones.

        Returns:
            The loss terms `loss_video`, `loss_audio` and `loss_contrastive` (scalars), or the output.
        """
        output = self.reconstruct(inputs, masks)
        return self.loss(inputs, output) if mode == 'loss' else output

    def reconstruct(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, tuple[Tensor, Tensor]] | None = None
    ) -> PretrainOutput:
        """Mask, encode, correlate and decode a batch; arguments as in `forward`."""
        video = inputs['video']
        if masks is None:
            drawn = self.masker(video.shape[0], video.device)
        else:
            drawn = {m: explicit_mask(*masks[m]) for m in MODALITIES}
        encoded = {m: self.encoders[m](inputs[m], drawn[m].keep_ids) for m in MODALITIES}
        tokens = self.correlate({m: encoded[m].tokens for m in MODALITIES})
        predictions = {m: self.decode(m, tokens[m], encoded[m], drawn[m]) for m in MODALITIES}
        return PretrainOutput(drawn, encoded, predictions)

    def correlate(self, tokens: dict[str, Tensor]) -> dict[str, Tensor]:
        """Relate the two modalities' tokens (B, n, C); the mean tokens of both are the first fused token."""
        if self.correlation is None:
            return tokens
        fused = torch.cat([tokens[m].mean(dim=1, keepdim=True) for m in MODALITIES], dim=-1)  # (B, 1, 2C)
        video, audio = self.correlation(tokens['video'], tokens['audio'], fused)
        return dict(video=video, audio=audio)

    def decode(self, modality: str, tokens: Tensor, encoded: EncoderOutput, mask: TokenMask) -> Tensor:
        """Predict the patches `mask.decode_ids` of one modality: (B, m, P)."""
        position_ids = mask.keep_ids if self.decoder_positions == 'reference' else encoded.token_ids
        to_decoder = self.to_decoder[modality]
        skips = [to_decoder(hidden) for hidden in encoded.hidden]
        return self.decoders[modality](to_decoder(tokens), skips, position_ids, mask.decode_ids)

    def loss(self, inputs: Mapping[str, Tensor], output: PretrainOutput) -> dict[str, Tensor]:
        """Return the loss terms of a batch, scalars."""
        losses = {}
        for m in MODALITIES:
            target = self.targets[m](inputs[m], output.masks[m].decode_ids)
            losses[f'loss_{m}'] = self.reconstruction_loss(output.predictions[m], target, output.masks[m].counted)
        if self.contrastive_loss is not None:
            hidden = [output.encoded[m].hidden for m in MODALITIES]
            losses['loss_contrastive'] = self.contrastive_loss(*hidden)
        return losses

    def _check_parts(self) -> None:
        """Find contradictions between masker, encoders and decoders now rather than in the first step."""
        with torch.random.fork_rng(devices=[]):
            masks = self.masker(1, torch.device('cpu'))  # for its numbers of tokens, which all masks have
        promise = getattr(self.masker, 'is_balanced', lambda modality, region_size: False)
        for m in MODALITIES:
            self._check_sizes(m)
            encoder, decoder = self.encoders[m], self.decoders[m]
            encoder.check_visible(masks[m].keep_ids.shape[1], partial(promise, m))
            if len(encoder.out_indices) != len(decoder.skip_blocks):
                raise ConfigError(
                    f'the {m} encoder hands out layers {encoder.out_indices}, but the {m} decoder takes '
                    f'{len(decoder.skip_blocks)} skip features (num_skips)'
                )
        self._check_correlated()

    def _check_sizes(self, m: str) -> None:
        """Compare the token grids and patches of one modality's parts; a part of one's own need not tell them."""
        encoder, decoder, target = self.encoders[m], self.decoders[m], self.targets[m]
        for part, grid in (
            (f'masker.{m}_grid', getattr(self.masker, 'grids', {}).get(m, encoder.grid)),
            (f'the {m} decoder (input_size, patch_size)', getattr(decoder, 'grid', encoder.grid)),
        ):
            if grid != encoder.grid:
                raise ConfigError(f'the {m} encoder has a grid of {encoder.grid} tokens, {part} is for {grid}')
        patch, values = encoder.patch_embed.patch_size, encoder.patch_embed.num_values
        if getattr(target, 'patch_size', patch) != patch or getattr(decoder, 'out_channels', values) != values:
            raise ConfigError(
                f'a patch of the {m} encoder is {patch}, {values} values; the target has patches of '
                f'{target.patch_size}, and the decoder predicts {decoder.out_channels} values (out_channels)'
            )

    def _check_correlated(self) -> None:
        """Make sure that what is compared between the modalities can be."""
        widths = {m: self.encoders[m].embed_dims for m in MODALITIES}
        layers = {m: len(self.encoders[m].out_indices) for m in MODALITIES}
        compared = self.correlation is not None or self.contrastive_loss is not None
        if compared and len(set(widths.values())) > 1:
            raise ConfigError(
                f'correlation and contrastive loss need encoders of the same width (embed_dims), not {widths}'
            )
        if self.contrastive_loss is not None and (len(set(layers.values())) > 1 or not all(layers.values())):
            raise ConfigError(
                'the contrastive loss compares the layers out_indices of the encoders, as many of video as of audio '
                f'and at least one; their numbers are {layers}. Without them set contrastive_loss to None'
            )


def _build_pair(video: dict, audio: dict) -> ModuleDict:
    # MMEngine's container hands init_weights on to its parts
    return ModuleDict(dict(video=MODELS.build(video), audio=MODELS.build(audio)))
