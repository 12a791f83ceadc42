"""SVFAP's encoder: a temporal pyramid with spatial bottleneck tokens.

Shapes: B batch, T slices in time, S tokens of a slice, n = T * S tokens that enter, G bottleneck tokens, C channels.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.models.encoders import EncoderOutput, TokenEncoder
from mmavf.models.encoders.base import XAVIER_INIT
from mmavf.models.layers import LAYER_NORM_EPS, CrossAttention, ResidualAttention, ViTBlock
from mmavf.registry import MODELS

_HIDDEN = 128  # of the MLP that weighs a slice's tokens, whatever the width


class SpatialBottleneck(nn.Module):
    """Sum the tokens of a slice under G sets of learned weights, which depend on the tokens.

    Args:
        embed_dims: Channels C.
        num_tokens: Bottleneck tokens G of a slice.
    """

    def __init__(self, embed_dims: int, num_tokens: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embed_dims, eps=LAYER_NORM_EPS)
        self.fc1 = nn.Linear(embed_dims, _HIDDEN)
        self.fc2 = nn.Linear(_HIDDEN, num_tokens)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, S, C) to (B, T, G, C)."""
        weights = self.fc2(nn.functional.gelu(self.fc1(self.norm(x)))).softmax(dim=2)  # (B, T, S, G)
        return weights.transpose(2, 3) @ x


class TemporalDownsample(nn.Conv1d):
    """Merge two slices in time, at each place of a slice by itself.

    Args:
        embed_dims: Channels C.
    """

    def __init__(self, embed_dims: int) -> None:
        super().__init__(embed_dims, embed_dims, kernel_size=2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, S, C) to (B, T / 2, S, C)."""
        rows = x.permute(0, 2, 3, 1).flatten(0, 1)  # (B * S, C, T)
        return super().forward(rows).unflatten(0, (x.shape[0], x.shape[2])).permute(0, 3, 1, 2)


class BottleneckBlock(ViTBlock):
    """A plain block that begins with cross-attention to a context; its parts are named as in the plain one.

    Args:
        embed_dims: Channels C.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of the FFN over C.
        drop_path: Probability that a branch is dropped for a clip in training.
    """

    def __init__(self, embed_dims: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0) -> None:
        super().__init__(embed_dims, num_heads, mlp_ratio, drop_path)
        attn = CrossAttention(embed_dims, num_heads)
        self.cross_attn = ResidualAttention(embed_dims, attn, with_context=True, drop_path=drop_path)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Map (B, N, C) and a context (B, M, C) to (B, N, C)."""
        return super().forward(self.cross_attn(x, context))


@MODELS.register_module()
class SVFAPEncoder(TokenEncoder):
    """Encoder of SVFAP (Sun et al.; sections 3.2 and 3.3): three stages, each with half the slices of the one before.

    Stage 1 is a plain transformer. In the others bottleneck tokens of all slices look at the stage's tokens in every
    block but the last, whose queries are the stage's tokens, which look at the bottleneck tokens. With `keep_ids` (pre-
    training) the output is the normed sum of all stages at the resolution of the first; without, the tokens of the last
    stage, as fine-tuning pools them. Every slice must keep the same places: use `TubeMask`.

    Args:
        input_size: (frames, rows, columns).
        patch_size: Size of a patch along the same axes.
        in_channels: Channels of the input.
        embed_dims: Channels C.
        num_heads: Attention heads.
        depths: Blocks of the three stages.
        num_bottleneck: Bottleneck tokens G of a slice.
        mlp_ratio: Hidden width of the FFNs over C.
        drop_path_rate: Stochastic depth of the last block; it grows linearly from 0 at the first.
        released_context: In pre-training, let the last block of a stage attend to all patches of the clip, **hidden
            ones included**, as the released program does, in place of the bottleneck tokens of the paper (equation 8).
            For comparison with released files alone.
        released_upsampling: Put half of the tokens of later stages back to other places of their slice, as the released
            program does, in place of the paper's nearest neighbour in time (equation 9).
        with_cp: Recompute activations in the backward pass.
        final_norm: Whether tokens go through a LayerNorm at the end; fine-tuned models do without.
        init_cfg: Initialisation; the default is the released one for pre-training.

    Raises:
        ConfigError: Sizes that do not fit each other.
    """

    def __init__(
        self,
        input_size: Sequence[int] = (16, 160, 160),
        patch_size: Sequence[int] = (2, 16, 16),
        in_channels: int = 3,
        embed_dims: int = 512,
        num_heads: int = 8,
        depths: Sequence[int] = (12, 6, 3),
        num_bottleneck: int = 8,
        mlp_ratio: float = 4.0,
        drop_path_rate: float = 0.0,
        released_context: bool = False,
        released_upsampling: bool = False,
        with_cp: bool = False,
        final_norm: bool = True,
        init_cfg: dict | list | None = XAVIER_INIT,
    ) -> None:
        depth = sum(depths)
        super().__init__(input_size, patch_size, in_channels, embed_dims, depth, (), with_cp, final_norm, init_cfg)
        if len(depths) != 3 or min(depths[1:]) < 2 or self.grid[0] % 4:
            raise ConfigError(
                f'SVFAPEncoder has three stages, of which the last two have at least two blocks, and a number of '
                f'slices that 4 divides; got depths {tuple(depths)} and a grid of {self.grid}'
            )
        self.stage_ends = (depths[0], depths[0] + depths[1])
        self.released_context = released_context
        self.released_upsampling = released_upsampling
        rates = torch.linspace(0, drop_path_rate, depth, device='cpu').tolist()
        classes = [ViTBlock] * depths[0] + [BottleneckBlock] * (depth - depths[0])
        self.blocks = nn.ModuleList(
            cls(embed_dims, num_heads, mlp_ratio, rate) for cls, rate in zip(classes, rates, strict=True)
        )
        self.temporal = nn.ModuleList(TemporalDownsample(embed_dims) for _ in range(2))
        self.spatial = nn.ModuleList(SpatialBottleneck(embed_dims, num_bottleneck) for _ in range(2))
        self.register_buffer('all_token_ids', torch.arange(self.num_tokens, device='cpu'), persistent=False)

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> EncoderOutput:
        """Encode a clip.

        Args:
            x: Clip (B, channels, *input_size), floating point, normalised.
            keep_ids: Tokens that enter, int64 (B, n) in raster order, the same places in every slice; None for all.

        Returns:
            Tokens in raster order: n with `keep_ids`, a quarter of the grid's without; `regions` is None.
        """
        token_ids = self.all_token_ids if keep_ids is None else keep_ids
        clip = self.embed(x, self.all_token_ids) if self.released_context and keep_ids is not None else None
        x = self.embed(x, token_ids)
        second, third = self.stage_ends
        for block in self.blocks[:second]:
            x = self.run_block(block, x)
        stages = [x.unflatten(1, (self.grid[0], -1))]  # (B, n, C) -> (B, T, S, C)
        stages.append(self._stage(stages[-1], 0, self.blocks[second:third], clip))
        stages.append(self._stage(stages[-1], 1, self.blocks[third:], clip))
        if keep_ids is None:
            return EncoderOutput(self.norm(stages[-1].flatten(1, 2)), (), None, token_ids)
        return EncoderOutput(self.norm(sum(map(self._restored, stages))), (), None, token_ids)

    def check_visible(self, num_visible: int, is_balanced: Callable[[Sequence[int]], bool]) -> None:
        """Make sure that a masker's masks leave as many visible tokens in every slice; arguments as in the base class.

        Raises:
            ConfigError: They do not.
        """
        if num_visible % self.grid[0]:
            raise ConfigError(
                f'{num_visible} visible tokens do not spread evenly over {self.grid[0]} slices: use TubeMask, which '
                'leaves the same places in each'
            )

    def _stage(self, x: Tensor, number: int, blocks: nn.ModuleList, clip: Tensor | None) -> Tensor:
        """Run stage 2 or 3: (B, T, S, C) -> (B, T / 2, S, C)."""
        x = self.temporal[number](x)
        context, bottleneck = x.flatten(1, 2), self.spatial[number](x).flatten(1, 2)
        for block in blocks[:-1]:
            bottleneck = self.run_block(block, bottleneck, context)
        return self.run_block(blocks[-1], context, bottleneck if clip is None else clip).view_as(x)

    def _restored(self, x: Tensor) -> Tensor:
        """Repeat a stage's slices to the first stage's number: (B, T / k, S, C) -> (B, n, C)."""
        times = self.grid[0] // x.shape[1]
        if self.released_upsampling and times > 1:  # half slices are repeated
            x = x.reshape(x.shape[0], 2 * x.shape[1], -1, x.shape[3])
        return x.repeat_interleave(times, dim=1).flatten(1, 2)
