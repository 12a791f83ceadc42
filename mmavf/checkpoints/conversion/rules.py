"""Pairs of a released parameter name and this package's, for the parts that several methods share."""

from .name_table import Rule

SELF_ATTENTION = ('q_bias', 'v_bias', 'qkv.weight', 'proj.weight', 'proj.bias')
CROSS_ATTENTION = ('q_bias', 'v_bias', 'q.weight', 'kv.weight', 'proj.weight', 'proj.bias')
AFFINE = ('weight', 'bias')


def leaves(released: str, ours: str, names: tuple[str, ...]) -> list[Rule]:
    """Return the pairs of the parameters `names` of one module."""
    return [(f'{released}.{name}', f'{ours}.{name}') for name in names]


def ffn(released_norm: str, released_mlp: str, ours: str) -> list[Rule]:
    """Return the pairs of a norm and the two layers of an FFN."""
    rules = leaves(released_norm, f'{ours}.norm', AFFINE)
    for layer in ('fc1', 'fc2'):
        rules += leaves(f'{released_mlp}.{layer}', f'{ours}.{layer}', AFFINE)
    return rules


def self_attention(released_norm: str, released_attn: str, ours: str) -> list[Rule]:
    """Return the pairs of self-attention and the norm before it."""
    return leaves(released_norm, f'{ours}.norm', AFFINE) + leaves(released_attn, f'{ours}.attn', SELF_ATTENTION)


def cross_attention(norm: str, context_norm: str, attn: str, ours: str) -> list[Rule]:
    """Return the pairs of cross-attention and its two norms."""
    rules = leaves(norm, f'{ours}.norm', AFFINE) + leaves(context_norm, f'{ours}.norm_context', AFFINE)
    return rules + leaves(attn, f'{ours}.attn', CROSS_ATTENTION)


def lgi_encoder(released: str, ours: str) -> list[Rule]:
    """Return the pairs of a local-global encoder with three or four stages."""
    rules = [(f'{released}.lg_region_tokens', f'{ours}.region_tokens')]
    rules += leaves(f'{released}.patch_embed.proj', f'{ours}.patch_embed.proj', AFFINE)
    rules += leaves(f'{released}.norm', f'{ours}.norm', AFFINE)
    block, own = f'{released}.blocks.#', f'{ours}.blocks.#'
    for number, name in enumerate(('first', 'second', 'third', 'fourth'), start=1):
        stage = f'{own}.stage{number}'
        rules += leaves(f'{block}.{name}_attn_norm0', f'{stage}.norm', AFFINE)
        rules += leaves(f'{block}.{name}_attn', f'{stage}.attn', CROSS_ATTENTION)
        if number > 2:
            rules += leaves(f'{block}.{name}_attn_norm1', f'{stage}.norm_context', AFFINE)
    return rules + ffn(f'{block}.norm2', f'{block}.mlp', f'{own}.ffn')


def plain_block(block: str, own: str) -> list[Rule]:
    """Return the pairs of a plain transformer block."""
    rules = self_attention(f'{block}.norm1', f'{block}.attn', f'{own}.self_attn')
    return rules + ffn(f'{block}.norm2', f'{block}.mlp', f'{own}.ffn')


def skip_decoder(released: str, ours: str) -> list[Rule]:
    """Return the pairs of a decoder whose block 0 is plain; block i > 0 is skip block i - 1, written `#-1`."""
    rules = leaves(f'{released}.norm', f'{ours}.norm', AFFINE) + leaves(f'{released}.head', f'{ours}.head', AFFINE)
    for block, own in (('blocks.0', 'block'), ('blocks.#', 'skip_blocks.#-1.block')):
        rules += plain_block(f'{released}.{block}', f'{ours}.{own}')
    block, own = f'{released}.blocks.#', f'{ours}.skip_blocks.#-1'
    return rules + cross_attention(
        f'{block}.cross_norm1', f'{block}.cross_norm2', f'{block}.cross_attn', f'{own}.cross_attn'
    )


def plain_encoder(released: str, ours: str) -> list[Rule]:
    """Return the pairs of a plain encoder; `released` ends with a dot, or is empty for the top level."""
    rules = leaves(f'{released}patch_embed.proj', f'{ours}.patch_embed.proj', AFFINE)
    rules += leaves(f'{released}norm', f'{ours}.norm', AFFINE)
    return rules + plain_block(f'{released}blocks.#', f'{ours}.blocks.#')


def plain_decoder() -> list[Rule]:
    """Return the pairs of a video decoder of plain blocks and of the layer before it."""
    rules = [('encoder_to_decoder.weight', 'to_decoder.video.weight'), ('mask_token', 'decoders.video.mask_token')]
    for name in ('norm', 'head'):
        rules += leaves(f'decoder.{name}', f'decoders.video.{name}', AFFINE)
    rules += plain_block('decoder.blocks.0', 'decoders.video.block')
    return rules + plain_block('decoder.blocks.#', 'decoders.video.plain_blocks.#-1')


def head() -> list[Rule]:
    """Return the pairs of a fine-tuned model's head."""
    return leaves('fc_norm', 'head.norm', AFFINE) + leaves('head', 'head.fc', AFFINE)
