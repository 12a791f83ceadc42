"""Masked autoencoder over any set of modalities (paper section 3).

Shapes: B batch, n visible tokens and m tokens to decode of a modality, P values of a patch, C encoder channels.
"""

import math
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from mmengine.model import BaseModel, ModuleDict
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..encoders import EncoderOutput
from ..interfaces import (
    Correlation,
    DataPreprocessor,
    Decoder,
    Encoder,
    Loss,
    Masker,
    Target,
    build_optional,
    build_part,
    takes_fused,
)
from ..maskers import TokenMask


class PretrainOutput(NamedTuple):
    """Output of the pre-training model for a batch, by modality.

    Attributes:
        masks: Which tokens were seen and decoded, and which of these count in the loss.
        encoded: Encoder outputs.
        predictions: Predicted patch values (B, m, P) of the tokens `masks[...].decode_ids`.
    """

    masks: Mapping[str, TokenMask]
    encoded: dict[str, EncoderOutput]
    predictions: dict[str, Tensor]


@MODELS.register_module()
class MaskedAutoencoder(BaseModel):
    """Dual masking, an encoder and a decoder with skips for each modality, and between two modalities a correlation.

    The modalities are the keys of `encoders`: video, audio, both, or others that the data pipeline provides under these
    names. Sizes are set once: unless the config of a part sets its own, masker and decoder get the encoder's grid,
    decoder and target its patch size, the decoder the number of its `out_indices`, and the target the normalisation of
    the data preprocessor. Parts are configs or modules.

    Args:
        masker: Draws the masks.
        encoders: Encoder of each modality; its `out_indices` are the skip and contrastive layers.
        decoders: Decoder of each modality.
        targets: What each decoder predicts.
        correlation: Module between the encoders and decoders of two modalities; None for none.
        reconstruction_loss: Loss of all modalities' predictions.
        contrastive_loss: Loss between the hidden tokens of two modalities; None for none.
        decoder_positions: Positions that visible tokens get in the decoder. 'released' adds them in raster order to
            tokens that are in region order, so that half of the video tokens carry another token's position; 'exact'
            gives each its own. 'reference' is the former name of 'released'.
        data_preprocessor: Prepares batches.
        init_cfg: Initialisation.

    Attributes:
        modalities: Their names, in the order of `encoders`.

    Raises:
        ConfigError: Parts that do not fit each other or lack a member of their contract (`mmavf.models.interfaces`).
    """

    def __init__(
        self,
        masker: dict | nn.Module,
        encoders: Mapping[str, dict | nn.Module],
        decoders: Mapping[str, dict | nn.Module],
        targets: Mapping[str, dict | nn.Module],
        correlation: dict | nn.Module | None = None,
        reconstruction_loss: dict | nn.Module = dict(type='MaskedMSELoss'),
        contrastive_loss: dict | nn.Module | None = None,
        decoder_positions: Literal['released', 'exact'] = 'released',
        data_preprocessor: dict | nn.Module | None = dict(type='AVDataPreprocessor'),
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(build_optional(data_preprocessor, DataPreprocessor, 'data_preprocessor'), init_cfg)
        self.decoder_positions = _checked_positions(decoder_positions)
        self.modalities = _modalities(encoders, decoders, targets)
        parts = {m: build_part(encoders[m], Encoder, f'the {m} encoder') for m in self.modalities}
        grids = {m: tuple(part.grid) for m, part in parts.items()}
        handed = {f'{m}_grid': grid for m, grid in grids.items()}  # of a masker with fixed modalities
        self.masker = build_part(masker, Masker, 'the masker', grids=grids, **handed)
        self.encoders = ModuleDict(parts)  # MMEngine's container passes init_weights on to its parts
        self.correlation = build_optional(correlation, Correlation, 'correlation')
        self.takes_fused = takes_fused(self.correlation)
        # targets draw nothing, so that they may be built before the decoders, which ask them for sizes
        built_targets = {m: self._build_target(m, targets[m]) for m in self.modalities}
        self.decoders = ModuleDict({m: self._build_decoder(m, decoders[m], built_targets[m]) for m in self.modalities})
        self.to_decoder = nn.ModuleDict(
            {
                m: nn.Linear(self.encoders[m].embed_dims, self.decoders[m].embed_dims, bias=False)
                for m in self.modalities
            }
        )
        self.targets = ModuleDict(built_targets)
        self.reconstruction_loss = build_part(reconstruction_loss, Loss, 'reconstruction_loss')
        self.contrastive_loss = build_optional(contrastive_loss, Loss, 'contrastive_loss')
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
            inputs: A float tensor `(B, channels, *size)` per modality, as `video`, (B, 3, T, H, W), normalised, and
                `audio`, (B, 1, time, mel).
            data_samples: Not used: pre-training has no labels.
            mode: 'loss' for the loss terms, 'predict' or 'tensor' for the whole `PretrainOutput`.
            masks: Per modality a pair (encoder mask, decoder mask) of bool (B, N), True = masked, instead of drawn
                ones.

        Returns:
            The loss terms (see `loss`), or the output.
        """
        drawn = self.draw_masks(inputs, masks)
        return self.masked_losses(inputs, drawn) if mode == 'loss' else self.reconstruct(inputs, drawn)

    def extract_feat(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Encode whole clips; return the mean token of the last layer, (B, C), of each modality.

        Args:
            inputs: As in `forward`; a modality may be missing, as nothing is masked or correlated.

        Raises:
            ConfigError: `inputs` has none of the model's modalities.
        """
        present = [m for m in self.modalities if m in inputs]
        if not present:
            raise ConfigError(f'the model takes {", ".join(self.modalities)}; the batch has none of them')
        return {m: self.encoders[m](inputs[m]).tokens.mean(dim=1) for m in present}

    def draw_masks(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, tuple[Tensor, Tensor]] | None = None
    ) -> Mapping[str, TokenMask]:
        """Draw the masks of a batch, or take those given; arguments as in `forward`.

        Raises:
            ConfigError: `inputs` lacks a modality.
        """
        missing = [m for m in self.modalities if m not in inputs]
        if missing:
            raise ConfigError(f'the model takes {", ".join(self.modalities)}; the batch has no {", ".join(missing)}')
        if masks is not None:
            return {m: TokenMask.from_explicit(*masks[m]) for m in self.modalities}
        first = inputs[self.modalities[0]]
        return self.masker(first.shape[0], first.device)

    def masked_losses(self, inputs: Mapping[str, Tensor], masks: Mapping[str, TokenMask]) -> dict[str, Tensor]:
        """Return the loss terms (see `loss`) under masks that are drawn.

        Its shapes are static, it reads no value of a tensor and draws nothing but dropped paths, so that it can be
        compiled or recorded as a whole.
        """
        return self.loss(inputs, self.reconstruct(inputs, masks))

    def reconstruct(self, inputs: Mapping[str, Tensor], masks: Mapping[str, TokenMask]) -> PretrainOutput:
        """Encode, correlate and decode a batch under masks that are drawn; `inputs` as in `forward`."""
        encoded = {m: self.encoders[m](inputs[m], masks[m].keep_ids) for m in self.modalities}
        tokens = self.correlate({m: encoded[m].tokens for m in self.modalities})
        predictions = {m: self.decode(m, tokens[m], encoded[m], masks[m]) for m in self.modalities}
        return PretrainOutput(masks, encoded, predictions)

    def correlate(self, tokens: dict[str, Tensor]) -> dict[str, Tensor]:
        """Relate the two modalities' tokens (B, n, C); the mean tokens of both are the first fused token."""
        if self.correlation is None:
            return tokens
        given = [tokens[m] for m in self.modalities]
        if self.takes_fused:
            given.append(torch.cat([x.mean(dim=1, keepdim=True) for x in given], dim=-1))  # (B, 1, 2C)
        related = self.correlation(*given)
        return dict(zip(self.modalities, related, strict=True))

    def decode(self, modality: str, tokens: Tensor, encoded: EncoderOutput, mask: TokenMask) -> Tensor:
        """Predict the patches `mask.decode_ids` of one modality: (B, m, P)."""
        position_ids = mask.keep_ids if self.decoder_positions == 'released' else encoded.token_ids
        to_decoder = self.to_decoder[modality]
        skips = [to_decoder(hidden) for hidden in encoded.hidden]
        return self.decoders[modality](to_decoder(tokens), skips, position_ids, mask.decode_ids)

    def loss(self, inputs: Mapping[str, Tensor], output: PretrainOutput) -> dict[str, Tensor]:
        """Return the loss terms of a batch, scalars: `loss_<modality>`, and `loss_contrastive` if there is one."""
        losses = {}
        for m in self.modalities:
            target = self.targets[m](inputs[m], output.masks[m].decode_ids)
            losses[f'loss_{m}'] = self.reconstruction_loss(output.predictions[m], target, output.masks[m].loss_weight)
        if self.contrastive_loss is not None:
            hidden = [output.encoded[m].hidden for m in self.modalities]
            losses['loss_contrastive'] = self.contrastive_loss(*hidden)
        return losses

    def _build_target(self, m: str, target: dict | nn.Module) -> nn.Module:
        mean, std = getattr(self.data_preprocessor, 'normalization', {}).get(m, (None, None))
        sizes = dict(patch_size=tuple(self.encoders[m].patch_size), mean=mean, std=std)
        return build_part(target, Target, f'the {m} target', **sizes)

    def _build_decoder(self, m: str, decoder: dict | nn.Module, target: nn.Module) -> nn.Module:
        encoder = self.encoders[m]
        return build_part(
            decoder,
            Decoder,
            f'the {m} decoder',
            input_size=tuple(g * p for g, p in zip(encoder.grid, encoder.patch_size, strict=True)),
            patch_size=tuple(encoder.patch_size),
            out_channels=getattr(target, 'num_values', _patch_values(encoder)),
            num_skips=len(encoder.out_indices),
        )

    def _check_parts(self) -> None:
        """Find contradictions between masker, encoders and decoders before the first step."""
        with torch.random.fork_rng(devices=[]):
            masks = self.masker(1, torch.device('cpu'))  # for its numbers of tokens, which all masks have
        is_balanced = getattr(self.masker, 'is_balanced', lambda modality, region_size: False)
        for m in self.modalities:
            if m not in masks:
                raise ConfigError(f'the masker draws masks for {", ".join(masks)}; the model has {m}')
            self._check_sizes(m)
            encoder, decoder = self.encoders[m], self.decoders[m]
            if hasattr(encoder, 'check_visible'):
                encoder.check_visible(masks[m].keep_ids.shape[1], partial(is_balanced, m))
            if len(encoder.out_indices) != decoder.num_skips:
                raise ConfigError(
                    f'the {m} encoder returns the layers {encoder.out_indices}, but the {m} decoder takes '
                    f'{decoder.num_skips} skip features (num_skips)'
                )
        self._check_correlated()

    def _check_sizes(self, m: str) -> None:
        """Compare the token grids and patches of one modality's parts; a custom part need not have them."""
        encoder, decoder, target = self.encoders[m], self.decoders[m], self.targets[m]
        for part, grid in (
            (f'masker.{m}_grid', getattr(self.masker, 'grids', {}).get(m, encoder.grid)),
            (f'the {m} decoder (input_size, patch_size)', getattr(decoder, 'grid', encoder.grid)),
        ):
            if tuple(grid) != tuple(encoder.grid):
                raise ConfigError(f'the {m} encoder has a grid of {encoder.grid} tokens, {part} is for {grid}')
        patch, values = tuple(encoder.patch_size), getattr(target, 'num_values', _patch_values(encoder))
        of_target, of_decoder = getattr(target, 'patch_size', patch), getattr(decoder, 'out_channels', values)
        if tuple(of_target) != patch or of_decoder != values:
            raise ConfigError(
                f'a patch of the {m} encoder is {patch}, {values} values; the target has patches of {of_target}, and '
                f'the decoder predicts {of_decoder} values (out_channels)'
            )

    def _check_correlated(self) -> None:
        """Check that the two modalities can be related and compared."""
        compared = self.correlation is not None or self.contrastive_loss is not None
        if compared and len(self.modalities) != 2:
            raise ConfigError(
                f'correlation and contrastive_loss relate two modalities; with {", ".join(self.modalities)} set both '
                'to None'
            )
        widths = {m: self.encoders[m].embed_dims for m in self.modalities}
        layers = {m: len(self.encoders[m].out_indices) for m in self.modalities}
        if compared and len(set(widths.values())) > 1:
            raise ConfigError(
                f'correlation and contrastive loss need encoders of the same width (embed_dims), not {widths}'
            )
        if self.contrastive_loss is not None and (len(set(layers.values())) > 1 or not all(layers.values())):
            raise ConfigError(
                'the contrastive loss compares the layers out_indices of the encoders, which must be equally many and '
                f'at least one; their numbers are {layers}. Without them set contrastive_loss to None'
            )


def _checked_positions(decoder_positions: str) -> str:
    if decoder_positions == 'reference':
        warnings.warn("decoder_positions='reference' is now 'released'", FutureWarning, stacklevel=4)
        return 'released'
    if decoder_positions not in ('released', 'exact'):
        raise ConfigError(f"decoder_positions is 'released' or 'exact', not {decoder_positions!r}")
    return decoder_positions


def _patch_values(encoder: Any) -> int:
    return math.prod(encoder.patch_size) * encoder.in_channels


def _modalities(encoders: Mapping, decoders: Mapping, targets: Mapping) -> tuple[str, ...]:
    if not encoders or not set(encoders) == set(decoders) == set(targets):
        raise ConfigError(
            f'there are encoders for {sorted(encoders)}, decoders for {sorted(decoders)} and targets for '
            f'{sorted(targets)}; they must be for the same modalities, at least one'
        )
    return tuple(encoders)
