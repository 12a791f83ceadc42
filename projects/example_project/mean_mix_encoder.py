"""An encoder whose tokens exchange information only through their mean."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmavf.models.encoders import EncoderOutput
from mmavf.models.encoders.base import TokenEncoder
from mmavf.registry import MODELS


class MeanMixBlock(nn.Module):
    """Add to each token (B, n, C) an MLP of the token and the mean of all tokens."""

    def __init__(self, embed_dims: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embed_dims)
        self.mlp = nn.Sequential(
            nn.Linear(2 * embed_dims, 4 * embed_dims), nn.GELU(), nn.Linear(4 * embed_dims, embed_dims)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (B, n, C) to (B, n, C)."""
        tokens = self.norm(x)
        mean = tokens.mean(dim=1, keepdim=True).expand_as(tokens)
        return x + self.mlp(torch.cat((tokens, mean), dim=-1))


@MODELS.register_module()
class MeanMixEncoder(TokenEncoder):
    """Encoder of video or audio; `TokenEncoder` provides patches, positions and the attributes of an encoder.

    Args:
        embed_dims: Channels C.
        depth: Number of blocks.
        input_size: Size of the clip.
        patch_size: Size of a patch.
        in_channels: Channels of the clip.
        out_indices: Layers that are returned as skips.
    """

    def __init__(
        self,
        embed_dims: int,
        depth: int,
        input_size: Sequence[int],
        patch_size: Sequence[int],
        in_channels: int,
        out_indices: Sequence[int] = (),
    ) -> None:
        super().__init__(input_size, patch_size, in_channels, embed_dims, depth, out_indices)
        self.blocks = nn.ModuleList(MeanMixBlock(embed_dims) for _ in range(depth))

    def forward(self, x: Tensor, keep_ids: Tensor | None = None) -> EncoderOutput:
        """Encode the tokens `keep_ids`, int64 (B, n), of a clip (B, channels, *size), or all of them."""
        ids = torch.arange(self.num_tokens, device=x.device) if keep_ids is None else keep_ids
        tokens, hidden = self.embed(x, ids), []
        for number, block in enumerate(self.blocks):
            tokens = self.run_block(block, tokens)
            if number in self.out_indices:
                hidden.append(self.norm(tokens))
        return EncoderOutput(self.norm(tokens), tuple(hidden), None, ids)
