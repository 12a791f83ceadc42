"""The part of a model's inside that is extracted.

Shapes: B windows, N local tokens, K region tokens, L layers, C channels.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from mmavf.errors import ConfigError
from mmavf.models.encoders import EncoderOutput

Modality = Literal['video', 'audio', 'fused']
Tokens = Literal['pooled', 'regions', 'local']
LOCAL_AXES = dict(video=('time', 'row', 'column'), audio=('time', 'mel'))


@dataclass(frozen=True)
class LayerChoice:
    """What is extracted.

    Attributes:
        modality: 'video', 'audio', or 'fused': what the head of a recognizer classifies, of both.
        tokens: 'pooled': the mean over tokens, over those of regions where the encoder has them, else over local ones;
            'regions': the region tokens; 'local': the tokens of all patches, after the encoder's last norm.
        layer: Number of the block, from 1, or 'last'.

    Examples:
        >>> from mmavf.apis import LayerChoice
        >>> LayerChoice('audio', tokens='local', layer=2)
        LayerChoice(modality='audio', tokens='local', layer=2)
    """

    modality: Modality
    tokens: Tokens = 'pooled'
    layer: int | Literal['last'] = 'last'

    def prepare(self, model: Any) -> None:
        """Make sure that the model has this, and have its encoder return the tokens of the layer.

        Raises:
            ConfigError: It has not.
        """
        if self.modality == 'fused':
            if getattr(model, 'head', None) is None or self.tokens != 'pooled' or self.layer != 'last':
                raise ConfigError(
                    "'fused' is the feature that the head of a recognizer classifies: pooled, and of the last layer"
                )
            return
        if self.modality not in model.encoders:
            raise ConfigError(f'the model has no {self.modality} encoder, but: {", ".join(model.encoders)}')
        encoder = model.encoders[self.modality]
        depth = len(encoder.blocks)
        if self.layer != 'last' and not 1 <= self.layer <= depth:
            raise ConfigError(f'the {self.modality} encoder has layers 1 to {depth}, and no layer {self.layer}')
        if self.tokens == 'regions' and not getattr(encoder, 'num_regions', 0):
            raise ConfigError(f"the {self.modality} encoder has no region tokens: extract 'local' or 'pooled' ones")
        if self.layer != 'last':
            encoder.out_indices = tuple(sorted({*encoder.out_indices, self._index(encoder)}))

    def axes(self, model: Any) -> tuple[str, ...]:
        """Return the names of the axes of what is extracted, the first of which counts windows."""
        if self.tokens == 'local' and self.modality != 'fused':
            return ('window', *LOCAL_AXES[self.modality], 'channel')
        return ('window', 'region', 'channel') if self.tokens == 'regions' else ('window', 'channel')

    def take(self, model: Any, output: EncoderOutput) -> Tensor:
        """Return float32 (B, ...) of the encoder's output, with the axes of `axes`.

        Raises:
            ConfigError: The encoder does not return this.
        """
        encoder = model.encoders[self.modality]
        index = self._index(encoder)
        local = output.tokens if self.layer == 'last' else self._layer(encoder, output, index)  # (B, N, C)
        if self.tokens == 'local':
            if local.shape[1] != math.prod(encoder.grid):
                raise ConfigError(f"{type(encoder).__name__} merges patches: extract 'pooled' tokens")
            places = torch.empty_like(local).index_copy_(1, output.token_ids, local)  # tokens come region by region
            return places.float().unflatten(1, tuple(encoder.grid))
        regions = None if output.regions is None else output.regions[:, :, index]  # (B, K, C)
        if self.tokens == 'regions':
            if regions is None:
                raise ConfigError('the encoder returned no region tokens')
            return regions.float()
        return (local if regions is None else regions).float().mean(dim=1)

    def _layer(self, encoder: Any, output: EncoderOutput, index: int) -> Tensor:
        if len(output.hidden) != len(encoder.out_indices):
            raise ConfigError(f"{type(encoder).__name__} returns its last layer alone: leave the layer at 'last'")
        return output.hidden[encoder.out_indices.index(index)]

    def _index(self, encoder: Any) -> int:
        return len(encoder.blocks) - 1 if self.layer == 'last' else int(self.layer) - 1


def mean_over_views(values: Tensor, num_windows: int) -> Tensor:
    """Average (B * V, ...) over the V crops of each of B windows: (B, ...)."""
    return torch.unflatten(values, 0, (num_windows, -1)).mean(dim=1)
