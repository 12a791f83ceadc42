"""Building blocks of the encoders, the decoders and the correlation module."""

from .attention import CrossAttention, SelfAttention
from .blocks import LAYER_NORM_EPS, CrossBlock, CrossSelfBlock, ResidualAttention, ResidualFFN, ViTBlock
from .conv_stem import ConvStem
from .drop_path import DropPath, share_graphs
from .held_weights import hold_in_bf16
from .lgi_block import LGIBlock
from .patches import PatchEmbed, patch_grid, take_patches
from .positions import sinusoid_table
from .regions import all_token_ids, region_grid, region_of_tokens, released_order, sort_by_region
from .step_weights import joining_is_free, step_weights
from .tokens import draw_token

__all__ = [
    'LAYER_NORM_EPS',
    'ConvStem',
    'CrossAttention',
    'CrossBlock',
    'CrossSelfBlock',
    'DropPath',
    'LGIBlock',
    'PatchEmbed',
    'ResidualAttention',
    'ResidualFFN',
    'SelfAttention',
    'ViTBlock',
    'draw_token',
    'all_token_ids',
    'hold_in_bf16',
    'joining_is_free',
    'patch_grid',
    'region_grid',
    'region_of_tokens',
    'released_order',
    'share_graphs',
    'sinusoid_table',
    'sort_by_region',
    'step_weights',
    'take_patches',
]
