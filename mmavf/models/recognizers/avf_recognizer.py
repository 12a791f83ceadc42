"""Classifier and regressor on the pre-trained encoders and the correlation module (paper sections 3.3 and 3.4).

Shapes: B clips, V views of a clip, n tokens of a modality, L layers, C encoder channels, D channels of the pooled
feature.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from mmengine.model import BaseModel, ModuleDict
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

from ..encoders import EncoderOutput
from ..interfaces import Correlation, DataPreprocessor, Encoder, Head, build_optional, build_part, takes_fused
from .token_choice import (
    POOLINGS,
    TOKEN_TYPES,
    Pooling,
    TokenType,
    all_layers,
    for_clips,
    last_layer,
    num_layers,
    num_tokens,
    pooled,
)

FEATURES = ('layers', 'last', 'correlated')


class RecognizerOutput(NamedTuple):
    """Output of the recognizer for a batch.

    Attributes:
        feature: Pooled feature after the head's LayerNorm, (B * V, D).
        logits: Raw outputs of the head, (B * V, classes or numbers); of an ensemble in training, with its members last.
    """

    feature: Tensor
    logits: Tensor


@MODELS.register_module()
class AVFMAERecognizer(BaseModel):
    """Encoders over all tokens, correlation of the modalities' tokens, pooling, head.

    Three choices make the pooled feature: which tokens the correlation module relates (`correlation_tokens`), which
    tokens of the encoders are pooled (`token_type`), and from where (`features`). AVF-MAE++ pools the correlated region
    tokens, which is the default; HiCMAE concatenates the local tokens of all layers and the correlated ones::

        dict(type='AVFMAERecognizer', token_type='local', features=('layers', 'correlated'), ...)

    with `out_indices=range(depth)` in both encoders. A correlation module that takes fused tokens gets those of all
    layers, summed under learned weights, the channels of both modalities side by side. Parts have the names that they
    have in `AVFMAEPretrainer` and are configs or modules.

    Args:
        head: Head, without its `in_channels`.
        video_encoder: Video encoder; None for audio alone.
        audio_encoder: Audio encoder; None for video alone. Both may be an `EncoderEnsemble` of equally many members.
        correlation: Correlation module; None for none.
        token_type: Tokens that are pooled: 'region', 'local', or 'all' of both.
        correlation_tokens: Tokens that are correlated, likewise; None: those of `token_type`.
        features: What is pooled and concatenated, in this order; of each, video channels come first. 'correlated': what
            the correlation module returns. 'last': the encoders' last layer. 'layers': the layers that an encoder
            returns (of local tokens its `out_indices`), summed under learned weights. None: 'correlated' with a
            correlation module, 'last' without.
        pooling: 'mean' of the tokens, or 'mean_std': their mean and standard deviation, which shows how a voice or face
            moves (statistics pooling, Snyder et al. 2018).
        data_preprocessor: Prepares batches.
        init_cfg: Initialisation.

    Raises:
        ConfigError: Neither encoder, or parts that do not fit each other.
    """

    def __init__(
        self,
        head: dict | nn.Module,
        video_encoder: dict | nn.Module | None = None,
        audio_encoder: dict | nn.Module | None = None,
        correlation: dict | nn.Module | None = None,
        token_type: TokenType = 'region',
        correlation_tokens: TokenType | None = None,
        features: Sequence[Literal['layers', 'last', 'correlated']] | None = None,
        pooling: Pooling = 'mean',
        data_preprocessor: dict | nn.Module | None = dict(type='AVDataPreprocessor'),
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(build_optional(data_preprocessor, DataPreprocessor, 'data_preprocessor'), init_cfg)
        encoders = dict(video=video_encoder, audio=audio_encoder)
        # MMEngine's container passes init_weights on to its parts
        self.encoders = ModuleDict(
            {m: build_part(cfg, Encoder, f'{m}_encoder') for m, cfg in encoders.items() if cfg is not None}
        )
        self.correlation = build_optional(correlation, Correlation, 'correlation')
        self.takes_fused = takes_fused(self.correlation)
        self.token_type = token_type
        self.correlation_tokens = token_type if correlation_tokens is None else correlation_tokens
        self.features = tuple(features or (['last'] if correlation is None else ['correlated']))
        self.pooling = pooling
        self._check_settings()
        self._check_tokens()
        if layered := self._layered_tokens():
            self.layer_weights = nn.ParameterDict(
                {m: _equal_weights(num_layers(encoder, layered[0])) for m, encoder in self.encoders.items()}
            )
        width = sum(encoder.embed_dims for encoder in self.encoders.values())
        sizes = dict(in_channels=width * len(self.features) * POOLINGS[pooling], num_members=self._num_members())
        self.head = build_part(head, Head, 'head', **sizes)
        self._check_members(sizes['num_members'])

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        data_samples: list[AVDataSample] | None = None,
        mode: str = 'tensor',
        given: Mapping[str, EncoderOutput] | None = None,
    ) -> RecognizerOutput | dict[str, Tensor] | list[AVDataSample]:
        """Run the model.

        Args:
            inputs: `video`, float (B * V, 3, T, H, W), normalised, and `audio`, float (B * V, 1, time, mel), if the
                model has an encoder for it; views of a clip are adjacent.
            data_samples: The B clips' labels for 'loss'; where predictions go for 'predict'.
            mode: 'loss', 'predict' or 'tensor'.
            given: See `encode`.

        Returns:
            dict(loss=scalar), the data samples with predictions, or a `RecognizerOutput`.

        Raises:
            ConfigError: The batch lacks a modality that the model has an encoder for, and none is given.
        """
        output = RecognizerOutput(*self.head(self.extract_feat(inputs, given)))
        if mode == 'loss':
            return dict(loss=self.head.loss(output.logits, data_samples))
        return self.head.predict(output.logits, data_samples) if mode == 'predict' else output

    def extract_feat(self, inputs: Mapping[str, Tensor], given: Mapping[str, EncoderOutput] | None = None) -> Tensor:
        """Return the pooled feature that the head gets, (B * V, D); arguments and errors as in `forward`."""
        encoded = self.encode(inputs, given)
        return torch.cat([part for kind in self.features for part in self._pool(kind, encoded)], dim=-1)

    def encode(
        self, inputs: Mapping[str, Tensor], given: Mapping[str, EncoderOutput] | None = None
    ) -> dict[str, EncoderOutput]:
        """Return what each modality's encoder makes of a batch: all tokens that are pooled and correlated.

        Args:
            inputs: See `forward`; a modality that is given is not encoded, and may be missing.
            given: Outputs that stand for those of a modality's encoder, for the whole batch or for one clip: then it is
                the same for every clip. With the mean over many clips, the model answers from the other modality.

        Raises:
            ConfigError: A modality is neither in the batch nor given, or the model has no encoder for a given one.
        """
        given = given or {}
        if strange := given.keys() - set(self.encoders.keys()):
            raise ConfigError(f'tokens of {", ".join(sorted(strange))} are given, for which the model has no encoder')
        missing = [m for m in self.encoders if m not in inputs and m not in given]
        if missing:
            raise ConfigError(
                f'the batch has no {missing[0]}, but the model has an encoder for it: set model.{missing[0]}_encoder '
                f'and model.correlation to None, or load {missing[0]} in the pipeline'
            )
        encoded = {m: encoder(inputs[m]) for m, encoder in self.encoders.items() if m not in given}
        if given:
            count = max(output.tokens.shape[0] for output in (*encoded.values(), *given.values()))
            encoded |= {m: for_clips(output, count) for m, output in given.items()}
        return {m: encoded[m] for m in self.encoders}

    def extract_feature(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Former name of `extract_feat`, for one version."""
        warnings.warn('extract_feature is now extract_feat', FutureWarning, stacklevel=2)
        return self.extract_feat(inputs)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Return the depth of a parameter and the number of depths, for layer-wise learning rates, as released.

        With N = encoder blocks + units of the correlation module: patch embedding, position table, class and mask
        tokens 0; encoder block i of either modality i + 1; unit j follows the blocks; everything else (region tokens,
        refinement, HAFE layer, norms, layer weights, head) N + 1.

        Args:
            param_name: Name of the parameter.
            prefix: What stands before this model's own names.
        """
        name = param_name.removeprefix(prefix)
        blocks = max(len(getattr(encoder, 'blocks', ())) for encoder in self.encoders.values())
        count = blocks + len(getattr(self.correlation, 'units', ())) + 2
        if any(part in name for part in ('patch_embed', 'pos_embed', 'cls_token', 'mask_token')):
            return 0, count
        match name.split('.'):
            case ['encoders', _, 'blocks', index, *_] | ['encoders', _, 'members', _, 'blocks', index, *_]:
                return int(index) + 1, count
            case ['correlation', 'units', index, *_]:
                return blocks + int(index) + 1, count
        return count - 1, count

    def _pool(self, kind: str, encoded: Mapping[str, EncoderOutput]) -> list[Tensor]:
        """Return one feature per modality, (B * V, C) each, or 2C with the deviation."""
        if kind == 'correlated':
            return [pooled(tokens, self.pooling) for tokens in self._correlate(encoded)]
        if kind == 'last':
            return [pooled(last_layer(output, self.token_type), self.pooling) for output in encoded.values()]
        layers = {m: pooled(all_layers(x, self.token_type), self.pooling) for m, x in encoded.items()}
        return [self._sum_layers(m, x) for m, x in layers.items()]

    def _correlate(self, encoded: Mapping[str, EncoderOutput]) -> Sequence[Tensor]:
        """Relate the last layer's tokens of both modalities: two (B * V, n, C)."""
        tokens = [last_layer(output, self.correlation_tokens) for output in encoded.values()]
        if not self.takes_fused:
            return self.correlation(*tokens)
        fused = [self._sum_layers(m, all_layers(x, self.correlation_tokens)) for m, x in encoded.items()]
        return self.correlation(*tokens, torch.cat(fused, dim=-1))

    def _sum_layers(self, m: str, x: Tensor) -> Tensor:
        """Sum layers (..., L, C) under the modality's learned weights: (..., C)."""
        return torch.einsum('...lc,l->...c', x, self.layer_weights[m].softmax(dim=0))

    def _layered_tokens(self) -> list[TokenType]:
        """Return the kinds of tokens of which all layers are needed."""
        layered = [self.token_type] if 'layers' in self.features else []
        return layered + [self.correlation_tokens] if self.takes_fused else layered

    def _num_members(self) -> int:
        """Return the members of the encoders, 1 without an ensemble."""
        counts = {m: getattr(encoder, 'num_members', 1) for m, encoder in self.encoders.items()}
        if len(set(counts.values())) > 1:
            raise ConfigError(f'all encoders need equally many members, not {counts}')
        count = next(iter(counts.values()))
        if count > 1 and self.correlation is not None:
            raise ConfigError('a correlation module would mix the members of an EncoderEnsemble: set it to None')
        return count

    def _check_members(self, count: int) -> None:
        if (own := getattr(self.head, 'num_members', 1)) != count:
            raise ConfigError(
                f'the encoders have {count} members and the head {own}: leave head.num_members out, and take a head '
                'that is built with num_members, such as ClassificationHead'
            )

    def _check_settings(self) -> None:
        if not self.encoders:
            raise ConfigError('the model has neither a video encoder nor an audio encoder: pass at least one')
        for name in ('token_type', 'correlation_tokens'):
            if (value := getattr(self, name)) not in TOKEN_TYPES:
                raise ConfigError(f"{name} is 'region', 'local' or 'all', not {value!r}")
        if self.pooling not in POOLINGS:
            raise ConfigError(f'pooling is one of {", ".join(POOLINGS)}, not {self.pooling!r}')
        if not set(self.features) <= set(FEATURES) or len(set(self.features)) < len(self.features):
            raise ConfigError(f'features names each of {FEATURES} at most once, not {self.features}')
        if (self.correlation is not None) != ('correlated' in self.features):
            raise ConfigError(
                f"features {self.features}: 'correlated' belongs to a model with a correlation module, and only to it"
            )
        if self.correlation is not None and len(self.encoders) < 2:
            raise ConfigError('the correlation module needs both encoders: pass both, or set correlation to None')

    def _check_tokens(self) -> None:
        """Find contradictions between the parts before the first step."""
        used = {self.token_type} if {'layers', 'last'} & set(self.features) else set()
        used |= {self.correlation_tokens} if self.correlation is not None else set()
        regions = {m: num_tokens(encoder, 'region') for m, encoder in self.encoders.items()}
        for tokens in used - {'local'}:
            if not all(regions.values()):
                raise ConfigError(f"'{tokens}' tokens need encoders with region tokens; regions: {regions}")
        for m, encoder in self.encoders.items():
            layers = {tokens: num_layers(encoder, tokens) for tokens in self._layered_tokens()}
            if 'all' in layers:
                layers['region'] = num_layers(encoder, 'region')
            if len(set(layers.values())) > 1 or not all(layers.values()):
                raise ConfigError(
                    f'the layers of the {m} encoder are summed, of which it returns {layers}: list them all in its '
                    'out_indices'
                )
        if self.correlation is not None:
            self._check_correlated()

    def _check_correlated(self) -> None:
        counts = {m: num_tokens(encoder, self.correlation_tokens) for m, encoder in self.encoders.items()}
        if self.takes_fused and len(set(counts.values())) > 1:
            raise ConfigError(
                f'the correlation module takes fused tokens, for which it needs as many {self.correlation_tokens} '
                f'tokens in video as in audio, not {counts}'
            )
        widths = {m: encoder.embed_dims for m, encoder in self.encoders.items()}
        if len(set(widths.values())) > 1:
            raise ConfigError(f'the correlation module needs encoders of the same width, not {widths}')


def _equal_weights(count: int) -> nn.Parameter:
    return nn.Parameter(torch.full((count,), 1 / count))
