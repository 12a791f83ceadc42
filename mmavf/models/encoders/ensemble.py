"""Several encoders side by side, from one input.

Shapes: B batch, n tokens that enter, K members, C channels of a member.
"""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..interfaces import Encoder, build_part
from .base import EncoderOutput


@MODELS.register_module()
class EncoderEnsemble(BaseModule):
    """Encoders of one kind that differ in their random beginning only; each token holds the channels of all.

    Channel c of member k is channel c * K + k, so that a head with `num_members` gives each member its own whatever is
    pooled or joined in between. Trained together they are K models that see the same batches; the mean of their
    probabilities errs less than one of them does where a set is small (deep ensembles, arXiv 1612.01474).

    Weights of a single encoder, as a pre-training stores them, are loaded into every member.

    Args:
        num_members: Members K.
        member: Config of an encoder without region tokens.

    Raises:
        ConfigError: There are fewer than two members, or they have region tokens.
    """

    num_regions = 0

    def __init__(self, num_members: int, member: Mapping[str, Any]) -> None:
        super().__init__()
        if num_members < 2:
            raise ConfigError(f'EncoderEnsemble: num_members must be at least 2, not {num_members}')
        self.members = ModuleList(build_part(member, Encoder, 'member') for _ in range(num_members))
        first: Any = self.members[0]
        if getattr(first, 'num_regions', 0):
            raise ConfigError('EncoderEnsemble: members must have no region tokens, such as those of ViTEncoder')
        self.embed_dims = first.embed_dims * num_members
        self.grid, self.patch_size, self.in_channels = first.grid, first.patch_size, first.in_channels
        self.input_size, self.num_tokens = first.input_size, first.num_tokens
        self.register_load_state_dict_pre_hook(_give_to_all)

    @property
    def blocks(self) -> Any:
        """Blocks of the first member; the others have as many."""
        return self.members[0].blocks

    @property
    def out_indices(self) -> tuple[int, ...]:
        """Layers, counted from 0, whose tokens `forward` returns as `hidden`; those of all members when set."""
        return self.members[0].out_indices

    @out_indices.setter
    def out_indices(self, indices: tuple[int, ...]) -> None:
        for member in self.members:
            member.out_indices = indices

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> EncoderOutput:
        """Encode a clip as each member does; tokens (B, n, C * K).

        Args:
            x: Clip `(B, channels, *input_size)`.
            keep_ids: Tokens that enter, int64 (B, n); None for all.
        """
        outputs = [member(x, keep_ids) for member in self.members]
        hidden = (_interleaved(layers) for layers in zip(*(output.hidden for output in outputs), strict=True))
        return EncoderOutput(
            _interleaved([output.tokens for output in outputs]), tuple(hidden), None, outputs[0].token_ids
        )


def _interleaved(tokens: Any) -> Tensor:
    return torch.stack(tuple(tokens), dim=-1).flatten(-2)  # K of (B, n, C) -> (B, n, C, K) -> (B, n, C * K)


def _give_to_all(module: Any, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Replace the weights of one encoder in a state dict by those of all members."""
    own = [name for name in state if name.startswith(prefix) and not name.startswith(f'{prefix}members.')]
    for name in own:
        value = state.pop(name)
        for index in range(len(module.members)):
            state[f'{prefix}members.{index}.{name.removeprefix(prefix)}'] = value
