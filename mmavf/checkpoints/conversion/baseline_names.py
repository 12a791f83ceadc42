"""Parameter names of the released HiCMAE, MAE-DFER and VideoMAE models and of this package."""

from .avfmae_names import _AFFINE, _cross_attention, _decoder, _encoder, _leaves, _plain_block
from .name_table import NameTable, Rule


def plain_encoder(released: str, ours: str) -> list[Rule]:
    """Return the rules of a plain transformer encoder; `released` ends with a dot, or is '' for the top level."""
    rules = _leaves(f'{released}patch_embed.proj', f'{ours}.patch_embed.proj', _AFFINE)
    rules += _leaves(f'{released}norm', f'{ours}.norm', _AFFINE)
    return rules + _plain_block(f'{released}blocks.#', f'{ours}.blocks.#')


def plain_decoder() -> list[Rule]:
    """Return the rules of a video decoder of plain blocks, and of what leads into it."""
    rules = [('encoder_to_decoder.weight', 'to_decoder.video.weight'), ('mask_token', 'decoders.video.mask_token')]
    for name in ('norm', 'head'):
        rules += _leaves(f'decoder.{name}', f'decoders.video.{name}', _AFFINE)
    rules += _plain_block('decoder.blocks.0', 'decoders.video.block')
    return rules + _plain_block('decoder.blocks.#', 'decoders.video.plain_blocks.#-1')


def head() -> list[Rule]:
    """Return the rules of a fine-tuned model's head."""
    return _leaves('fc_norm', 'head.norm', _AFFINE) + _leaves('head', 'head.fc', _AFFINE)


def _fusion() -> list[Rule]:
    rules = []
    for modality, blocks, norm in (('video', 'blocks', 'norm'), ('audio', 'blocks_audio', 'norm_audio')):
        block, own = f'encoder_fusion.{blocks}.#', f'correlation.units.#.{modality}'
        rules += _cross_attention(
            f'{block}.cross_norm1', f'{block}.cross_norm2', f'{block}.cross_attn', f'{own}.cross_attn'
        )
        rules += _plain_block(block, f'{own}.block')
        rules += _leaves(f'encoder_fusion.{norm}', f'correlation.{modality}_norm', _AFFINE)
    return rules


def _hicmae() -> list[Rule]:
    rules = _fusion() + head()
    for suffix, modality in (('', 'video'), ('_audio', 'audio')):
        rules += plain_encoder(f'encoder{suffix}.', f'encoders.{modality}')
        rules += _decoder(f'decoder{suffix}', f'decoders.{modality}')
        rules.append((f'encoder_to_decoder{suffix}.weight', f'to_decoder.{modality}.weight'))
        rules.append((f'mask_token{suffix}', f'decoders.{modality}.mask_token'))
        rules.append((f'{modality}_layer_weights', f'layer_weights.{modality}'))
    return rules


def _svfap(prefix: str) -> list[Rule]:
    ours = 'encoders.video'
    rules = plain_encoder(prefix, ours)
    block, own = f'{prefix}blocks.#', f'{ours}.blocks.#'  # numbered through all stages
    rules += _cross_attention(
        f'{block}.cross_norm1', f'{block}.cross_norm2', f'{block}.cross_attn', f'{own}.cross_attn'
    )
    rules += _leaves(f'{prefix}temporal_downsamples.#', f'{ours}.temporal.#', _AFFINE)
    for released, name in (('norm', 'norm'), ('mlp.fc1', 'fc1'), ('mlp.fc2', 'fc2')):
        rules += _leaves(f'{prefix}spatial_downsamples.#.{released}', f'{ours}.spatial.#.{name}', _AFFINE)
    return rules


def _top_level(rules: list[Rule]) -> list[Rule]:
    return [(released.removeprefix('encoder.'), ours) for released, ours in rules]


HICMAE = NameTable(_hicmae())
MAE_DFER_PRETRAINED = NameTable(_encoder('encoder', 'encoders.video') + plain_decoder())
MAE_DFER_FINETUNED = NameTable(_top_level(_encoder('encoder', 'encoders.video')) + head())
VIDEOMAE_PRETRAINED = NameTable(plain_encoder('encoder.', 'encoders.video') + plain_decoder())
VIDEOMAE_FINETUNED = NameTable(plain_encoder('', 'encoders.video') + head())
SVFAP_PRETRAINED = NameTable(_svfap('encoder.') + plain_decoder())
SVFAP_FINETUNED = NameTable(_svfap('') + head())
