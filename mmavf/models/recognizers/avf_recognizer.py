"""Classifier and regressor on the pre-trained encoders and the correlation module (paper sections 3.3 and 3.4).

Shapes: B clips, V views of a clip, N tokens, K regions, L layers, C encoder channels, D channels of the pooled feature.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from mmengine.model import BaseModel, ModuleDict
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

from ..encoders import EncoderOutput


class RecognizerOutput(NamedTuple):
    """What the recognizer computes for a batch.

    Attributes:
        feature: Pooled feature after the head's LayerNorm, (B * V, D).
        logits: Raw outputs of the head, (B * V, classes or numbers).
    """

    feature: Tensor
    logits: Tensor


@MODELS.register_module()
class AVFMAERecognizer(BaseModel):
    """Encoders over all tokens, correlation of the region tokens, pooling, head.

    With two encoders and a correlation module the region tokens of both modalities go through it; the first fused
    tokens are the sums of all layers' region tokens under learned weights. Otherwise the pooled tokens of the last
    layer of each encoder that is there are concatenated. Parts have the names that they have in `AVFMAEPretrainer`.

    Args:
        video_encoder: Video encoder; None for audio alone.
        audio_encoder: Audio encoder; None for video alone.
        correlation: Correlation module; None leaves it out.
        head: Head, without its `in_channels`.
        token_type: What is pooled: 'region' tokens, 'local' tokens, or 'all' of both. The correlation module takes
            region tokens.
        data_preprocessor: Prepares batches.
        init_cfg: Initialisation.

    Raises:
        ConfigError: Neither encoder, or parts that do not fit each other.
    """

    def __init__(
        self,
        head: dict,
        video_encoder: dict | None = None,
        audio_encoder: dict | None = None,
        correlation: dict | None = None,
        token_type: Literal['region', 'local', 'all'] = 'region',
        data_preprocessor: dict | None = dict(type='AVDataPreprocessor'),
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(data_preprocessor and MODELS.build(data_preprocessor), init_cfg)
        encoders = dict(video=video_encoder, audio=audio_encoder)
        # MMEngine's container hands init_weights on to its parts
        self.encoders = ModuleDict({m: MODELS.build(cfg) for m, cfg in encoders.items() if cfg is not None})
        self.token_type = token_type
        self.correlation = None if correlation is None else MODELS.build(correlation)
        self._check_parts()
        if self.correlation is not None:
            depths = {m: len(encoder.blocks) for m, encoder in self.encoders.items()}
            self.layer_weights = nn.ParameterDict(
                {m: nn.Parameter(torch.full((depth,), 1 / depth)) for m, depth in depths.items()}
            )
        in_channels = sum(encoder.embed_dims for encoder in self.encoders.values())
        self.head = MODELS.build({**head, 'in_channels': in_channels})

    def forward(
        self, inputs: Mapping[str, Tensor], data_samples: list[AVDataSample] | None = None, mode: str = 'tensor'
    ) -> RecognizerOutput | dict[str, Tensor] | list[AVDataSample]:
        """Run the model.

        Args:
            inputs: `video`, float (B * V, 3, T, H, W), normalised, and `audio`, float (B * V, 1, time, mel), as far as
                the model has encoders; views of a clip stand next to each other.
            data_samples: The B clips' labels for 'loss'; where predictions go for 'predict'.
            mode: 'loss', 'predict' or 'tensor'.

        Returns:
            dict(loss=scalar), the data samples with predictions, or a `RecognizerOutput`.

        Raises:
            ConfigError: The batch lacks a modality that the model has an encoder for.
        """
        output = RecognizerOutput(*self.head(self.extract_feature(inputs)))
        if mode == 'loss':
            return dict(loss=self.head.loss(output.logits, data_samples))
        return self.head.predict(output.logits, data_samples) if mode == 'predict' else output

    def extract_feature(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the pooled feature (B * V, D), video channels first; arguments and errors as in `forward`."""
        missing = [m for m in self.encoders if m not in inputs]
        if missing:
            raise ConfigError(
                f'the batch has no {missing[0]}, but the model has an encoder for it: set model.{missing[0]}_encoder '
                f'and model.correlation to None, or load {missing[0]} in the pipeline'
            )
        encoded = {m: encoder(inputs[m]) for m, encoder in self.encoders.items()}
        if self.correlation is None:
            tokens = [self._last_layer(output) for output in encoded.values()]
        else:
            tokens = self._correlate(encoded)
        return torch.cat([x.mean(dim=1) for x in tokens], dim=-1)

    def _last_layer(self, encoded: EncoderOutput) -> Tensor:
        """Return the tokens to pool of one encoder: (B, K, C), (B, N, C) or (B, K + N, C)."""
        if self.token_type == 'local':
            return encoded.tokens
        regions = encoded.regions[:, :, -1]
        return regions if self.token_type == 'region' else torch.cat((regions, encoded.tokens), dim=1)

    def _correlate(self, encoded: dict[str, EncoderOutput]) -> tuple[Tensor, Tensor]:
        """Relate the last layer's region tokens of both modalities: two (B, K, C)."""
        weighted = []
        for m, output in encoded.items():
            weights = self.layer_weights[m].softmax(dim=0)  # (L,)
            weighted.append(torch.einsum('bklc,l->bkc', output.regions, weights))
        video, audio = (output.regions[:, :, -1] for output in encoded.values())
        return self.correlation(video, audio, torch.cat(weighted, dim=-1))

    def _check_parts(self) -> None:
        """Find contradictions between the parts now rather than in the first step."""
        if not self.encoders:
            raise ConfigError('the model has neither a video encoder nor an audio encoder: give at least one')
        if self.token_type not in ('region', 'local', 'all'):
            raise ConfigError(f"token_type is 'region', 'local' or 'all', not {self.token_type!r}")
        regions = {m: encoder.num_regions for m, encoder in self.encoders.items()}
        if self.token_type != 'local' and not all(regions.values()):
            raise ConfigError(f"token_type '{self.token_type}' needs encoders with region tokens; regions: {regions}")
        if self.correlation is None:
            return
        if len(self.encoders) < 2:
            raise ConfigError('the correlation module needs both encoders: give both, or set correlation to None')
        if self.token_type != 'region':
            raise ConfigError(f"the correlation module takes token_type 'region' only, not {self.token_type!r}")
        if len(set(regions.values())) > 1:
            raise ConfigError(f'the correlation module needs as many regions in video as in audio, not {regions}')
        widths = {m: encoder.embed_dims for m, encoder in self.encoders.items()}
        if len(set(widths.values())) > 1:
            raise ConfigError(f'the correlation module needs encoders of the same width, not {widths}')
