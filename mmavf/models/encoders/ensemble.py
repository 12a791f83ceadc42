"""Several encoders side by side, from one input.

Shapes: B batch, n tokens that enter, K members, C channels of a member.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.registry import MODELS

from ..interfaces import Encoder, build_part
from .base import EncoderOutput


@MODELS.register_module()
class EncoderEnsemble(BaseModule):
    """Encoders of one kind that differ in their initial weights only; each token holds the channels of all.

    Trained together they are K models that see the same batches: channel c of member k is channel c * K + k, and a head
    of K members gives each its own. The mean of their probabilities errs less than one of them does where a set is
    small (deep ensembles, arXiv 1612.01474).

    An ensemble is fine-tuned, not pre-trained: `load_from` gives the weights of one pre-trained encoder to every
    member. They then differ by their heads and by dropout.

    Args:
        num_members: Members K.
        member: Config of an encoder without region tokens, such as `ViTEncoder`.

    Attributes:
        embed_dims: Channels of all members, C * K.

    Raises:
        ConfigError: There are fewer than two members, or they have region tokens.
    """

    num_regions = 0

    def __init__(self, num_members: int, member: Mapping[str, Any]) -> None:
        super().__init__()
        if num_members < 2:
            raise ConfigError(f'EncoderEnsemble: num_members must be at least 2, not {num_members}')
        self.num_members = num_members
        self.members = ModuleList(build_part(member, Encoder, 'member') for _ in range(num_members))
        first: Any = self.members[0]
        if getattr(first, 'num_regions', 0):
            raise ConfigError(
                'EncoderEnsemble: members must be encoders without region tokens, such as ViTEncoder, not '
                f'{type(first).__name__}'
            )
        self.embed_dims = first.embed_dims * num_members
        self.grid, self.patch_size, self.in_channels = first.grid, first.patch_size, first.in_channels
        self.input_size = tuple(count * size for count, size in zip(self.grid, self.patch_size, strict=True))
        self.num_tokens = math.prod(self.grid)

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

    def check_visible(self, num_visible: int, is_balanced: Callable[[Sequence[int]], bool]) -> None:
        """Refuse masks: a decoder would mix the members."""
        raise ConfigError(
            'an EncoderEnsemble is not pre-trained: pre-train one encoder, and load_from gives its weights to every '
            'member'
        )

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> EncoderOutput:
        """Encode a clip as each member does.

        Args:
            x: Clip `(B, channels, *input_size)`, floating point, normalised.
            keep_ids: Tokens that enter, int64 (B, n); None for all.

        Returns:
            Tokens and hidden layers, (B, n, C * K) each; `regions` is None.
        """
        outputs = [member(x, keep_ids) for member in self.members]
        hidden = (_interleaved(layers) for layers in zip(*(output.hidden for output in outputs), strict=True))
        return EncoderOutput(
            _interleaved([output.tokens for output in outputs]), tuple(hidden), None, outputs[0].token_ids
        )


def give_to_members(model: nn.Module, state_dict: dict[str, Any]) -> None:
    """Replace the weights of one encoder by those of each member, in place, where the model has an ensemble.

    Args:
        model: A model.
        state_dict: Weights that are to be loaded into it; those of an ensemble stay as they are.
    """
    for name, module in model.named_modules():
        if not isinstance(module, EncoderEnsemble):
            continue
        own = [key for key in state_dict if key.startswith(f'{name}.') and not key.startswith(f'{name}.members.')]
        for key in own:
            value = state_dict.pop(key)
            for index in range(module.num_members):
                state_dict[f'{name}.members.{index}.{key.removeprefix(f"{name}.")}'] = value


def _interleaved(tokens: Sequence[Tensor]) -> Tensor:
    return torch.stack(tuple(tokens), dim=-1).flatten(-2)  # K of (B, n, C) -> (B, n, C, K) -> (B, n, C * K)
