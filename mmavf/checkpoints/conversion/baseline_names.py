"""Parameter names of the released HiCMAE, MAE-DFER, SVFAP and VideoMAE models and of this package."""

from .name_table import NameTable, Rule
from .rules import (
    AFFINE,
    cross_attention,
    head,
    leaves,
    lgi_encoder,
    plain_block,
    plain_decoder,
    plain_encoder,
    skip_decoder,
)


def _fusion() -> list[Rule]:
    rules = []
    for modality, blocks, norm in (('video', 'blocks', 'norm'), ('audio', 'blocks_audio', 'norm_audio')):
        block, own = f'encoder_fusion.{blocks}.#', f'correlation.units.#.{modality}'
        rules += cross_attention(
            f'{block}.cross_norm1', f'{block}.cross_norm2', f'{block}.cross_attn', f'{own}.cross_attn'
        )
        rules += plain_block(block, f'{own}.block')
        rules += leaves(f'encoder_fusion.{norm}', f'correlation.{modality}_norm', AFFINE)
    return rules


def _hicmae() -> list[Rule]:
    rules = _fusion() + head()
    for suffix, modality in (('', 'video'), ('_audio', 'audio')):
        rules += plain_encoder(f'encoder{suffix}.', f'encoders.{modality}')
        rules += skip_decoder(f'decoder{suffix}', f'decoders.{modality}')
        rules.append((f'encoder_to_decoder{suffix}.weight', f'to_decoder.{modality}.weight'))
        rules.append((f'mask_token{suffix}', f'decoders.{modality}.mask_token'))
        rules.append((f'{modality}_layer_weights', f'layer_weights.{modality}'))
    return rules


def _svfap(prefix: str) -> list[Rule]:
    ours = 'encoders.video'
    rules = plain_encoder(prefix, ours)
    block, own = f'{prefix}blocks.#', f'{ours}.blocks.#'  # numbered through all stages
    rules += cross_attention(f'{block}.cross_norm1', f'{block}.cross_norm2', f'{block}.cross_attn', f'{own}.cross_attn')
    rules += leaves(f'{prefix}temporal_downsamples.#', f'{ours}.temporal.#', AFFINE)
    for released, name in (('norm', 'norm'), ('mlp.fc1', 'fc1'), ('mlp.fc2', 'fc2')):
        rules += leaves(f'{prefix}spatial_downsamples.#.{released}', f'{ours}.spatial.#.{name}', AFFINE)
    return rules


def _top_level(rules: list[Rule]) -> list[Rule]:
    return [(released.removeprefix('encoder.'), ours) for released, ours in rules]


HICMAE = NameTable(_hicmae())
MAE_DFER_PRETRAINED = NameTable(lgi_encoder('encoder', 'encoders.video') + plain_decoder())
MAE_DFER_FINETUNED = NameTable(_top_level(lgi_encoder('encoder', 'encoders.video')) + head())
VIDEOMAE_PRETRAINED = NameTable(plain_encoder('encoder.', 'encoders.video') + plain_decoder())
VIDEOMAE_FINETUNED = NameTable(plain_encoder('', 'encoders.video') + head())
SVFAP_PRETRAINED = NameTable(_svfap('encoder.') + plain_decoder())
SVFAP_FINETUNED = NameTable(_svfap('') + head())
