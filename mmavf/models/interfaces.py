"""Contracts of the parts of a model: all that a custom part must offer.

A size is set once in the config and handed down to the other parts: see `build_part`.
Shapes: B batch, N tokens of the grid, n tokens that an encoder sees, m tokens to decode, P values of a patch, C encoder
channels, D decoder channels or channels of the pooled feature, K outputs of a head, M members.
"""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from mmavf.registry import MODELS
from mmavf.structures.contracts import check_contract


class MaskGenerator(Protocol):
    """Draws which tokens of a grid are hidden; built with `grid`.

    It may define `is_balanced(region_size)`, which returns whether every region keeps equally many visible tokens.

    Attributes:
        num_masked: Hidden tokens of every row, always the same number.
    """

    num_masked: int

    def forward(self, batch_size: int, device: torch.device) -> Tensor:
        """Return bool (B, N), True = hidden."""


class Masker(Protocol):
    """Draws the masks of all modalities.

    It may have the grids that it was built for as `grids`, and define `is_balanced(modality, region_size)`.
    """

    def forward(self, batch_size: int, device: torch.device) -> Mapping[str, Any]:
        """Return a `TokenMask` for each modality."""


class PatchEmbedding(Protocol):
    """Embeds patches of a clip; built with `in_channels`, `patch_size`, `embed_dims` and `input_size` of the encoder.

    Attributes:
        patch_operations: Floating-point operations that a patch takes which a mask spares if it is hidden.
    """

    patch_operations: int

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        """Embed patches of clips `(B, channels, *size)` as (B, n, C).

        `ids` (B, n) are patches of each clip, of which nothing else may be seen; (n,) are the same patches of every
        clip, with nothing hidden.
        """


class Encoder(Protocol):
    """Encodes the visible patches of a clip as tokens.

    It may define `check_visible(num_visible, is_balanced)`, which raises for masks that it cannot take. With region
    tokens it has their number as `num_regions`; for layer-wise learning rates it has its layers in `blocks`.

    Attributes:
        embed_dims: Channels C.
        grid: Tokens along each axis of the input.
        patch_size: Size of a patch along the same axes.
        in_channels: Channels of the input.
        out_indices: Layers whose tokens are returned besides the last; as many as the decoder takes skips.
    """

    embed_dims: int
    grid: Sequence[int]
    patch_size: Sequence[int]
    in_channels: int
    out_indices: Sequence[int]

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> Any:
        """Map a clip `(B, channels, *size)` to the `EncoderOutput` of the tokens `keep_ids` (B, n), or of all."""


class Decoder(Protocol):
    """Predicts patches from an encoder's tokens.

    It may have a `grid` and `out_channels`, which are then compared with those of encoder and target.

    Attributes:
        embed_dims: Channels D; tokens are projected to them.
        num_skips: Hidden layers of the encoder that `forward` takes.
    """

    embed_dims: int
    num_skips: int

    def forward(self, x: Tensor, skips: Sequence[Tensor], position_ids: Tensor, decode_ids: Tensor) -> Tensor:
        """Map tokens (B, n, D), skips (B, n, D) each and ids to predictions (B, m, P) of the tokens `decode_ids`."""


class Correlation(Protocol):
    """Relates the tokens of two modalities.

    If its `forward` has a third argument `fused`, it also gets initial audio-visual tokens (B, F, 2C), the channels of
    the first modality first.
    """

    def forward(self, video: Tensor, audio: Tensor) -> Sequence[Tensor]:
        """Map the tokens (B, n, C) of each modality to related tokens of the same shape, one tensor per modality."""


class Head(Protocol):
    """Predicts from the pooled feature; built with `in_channels`, the channels D of that feature.

    For encoders of several members it is built with their number, `num_members`, too, and has it as an attribute.
    """

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map pooled features (B, D) to features (B, D) and raw outputs (B, K).

        In training, outputs of several members are (B, K, M).
        """

    def loss(self, outputs: Tensor, data_samples: list[Any]) -> Tensor:
        """Return the loss of raw outputs, a scalar."""

    def predict(self, outputs: Tensor, data_samples: list[Any]) -> list[Any]:
        """Write `pred_score` or `pred_value` into the data samples and return them."""


class Loss(Protocol):
    """Compares predictions with targets."""

    def forward(self, pred: Tensor, target: Tensor, *weight: Tensor) -> Tensor:
        """Return a scalar; the reconstruction loss also gets a weight per token (B, m)."""


class DataPreprocessor(Protocol):
    """Prepares the batches of a loader for the model, on its device.

    It may have as `normalization` the mean and deviation of each modality that it normalises, which targets undo.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Return a batch with `inputs` and `data_samples`."""


class Target(Protocol):
    """Computes what a decoder has to predict.

    It may have the `patch_size` that it was built for, and as `num_values` its values per token if these are not the
    values of a patch.
    """

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        """Return the target (B, m, P) of the tokens `ids` (B, m) of a clip `(B, channels, *size)`."""


def build_part(cfg: Mapping | nn.Module, contract: type, name: str, **handed: Any) -> Any:
    """Build a part of a model and check it against its contract.

    Args:
        cfg: Its config, or the part itself.
        contract: One of the classes of this module.
        name: Its name in messages.
        handed: Sizes that the model knows; each is passed to the part if its class has an argument of that name and the
            config does not set it.

    Raises:
        ConfigError: The part lacks a member of its contract.
    """
    part: Any = cfg
    if not isinstance(cfg, nn.Module):
        cls = MODELS.get(cfg['type']) if isinstance(cfg.get('type'), str) else cfg.get('type')
        taken = signature(cls).parameters if cls is not None else {}  # an unknown name is an error of the registry
        part = MODELS.build({**{key: value for key, value in handed.items() if key in taken}, **cfg})
    check_contract(part, contract, name, _has)
    return part


def build_optional(cfg: Mapping | nn.Module | None, contract: type, name: str, **handed: Any) -> Any:
    """Build a part as `build_part` does; None stays None."""
    return None if cfg is None else build_part(cfg, contract, name, **handed)


def takes_fused(correlation: nn.Module | None) -> bool:
    """Return whether a correlation module takes initial fused tokens."""
    return correlation is not None and 'fused' in signature(correlation.forward).parameters


def _has(part: nn.Module, member: str) -> bool:
    if member == 'forward':  # every module has one, which raises
        return type(part).forward is not nn.Module.forward
    return hasattr(part, member)
